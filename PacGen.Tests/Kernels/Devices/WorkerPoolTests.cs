using NUnit.Framework;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

public sealed class WorkerPoolTests
{
    [Test]
    public void EachTaskRunsOnceWhoeverTakesIt([Values(1, 2, 3, 5)] int threads)
    {
        using CpuDevice device = new(threads);
        int[] runs = new int[40];
        for (int round = 1; round <= 2000; round++)
        {
            int tasks = 1 + (round * 7 % runs.Length);
            Array.Clear(runs);
            using Recorded launch = new(device, tasks, (task, worker) =>
            {
                Assert.That(worker, Is.InRange(0, threads - 1));
                Interlocked.Increment(ref runs[task]);
                if (round % 100 == 0 && task == 0)
                {
                    // The others take what the owner of the range does not come to.
                    Thread.Sleep(1);
                }
            });
            launch.Run();
            Assert.That(runs.AsSpan(0, tasks).ToArray(), Is.All.EqualTo(1), $"round {round}");
            Assert.That(runs.AsSpan(tasks).ToArray(), Is.All.Zero, $"round {round}");
        }
    }

    [Test]
    public void WhatATaskThrowsReachesTheCallerOnceAllTasksHaveEnded()
    {
        using CpuDevice device = new(3);
        for (int round = 0; round < 100; round++)
        {
            int bad = round % 20, ended = 0;
            using Recorded launch = new(device, 20, (task, _) =>
            {
                Interlocked.Increment(ref ended);
                if (task == bad)
                {
                    throw new InvalidOperationException($"task {task}");
                }
            });
            Assert.That(launch.Run, Throws.InvalidOperationException.With.Message.EqualTo($"task {bad}"));
            Assert.That(ended, Is.EqualTo(20));
        }
    }

    private sealed class Recorded(CpuDevice device, int tasks, Action<int, int> action) : CpuLaunch(device)
    {
        public override int Tasks { get; } = tasks;

        public override void RunTask(int task, int worker) => action(task, worker);
    }
}
