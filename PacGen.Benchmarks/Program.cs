Console.WriteLine("PacGen");
