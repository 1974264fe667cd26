namespace PacGen.Nn;

/// <summary>Which m×m matrix of curvature at w a measure looks at. z is the network's output for an image, J = ∂z/∂w.</summary>
public enum CurvatureMatrix
{
    /// <summary>∇²L̂, the matrix of second derivatives.</summary>
    Hessian,

    /// <summary>
    /// The generalized Gauss–Newton matrix: the mean over images of Jᵀ(∂²ℓ/∂z²)J. ∇²L̂ without the curvature of the network
    /// itself; positive semidefinite where the loss is convex in z. For the softmax cross-entropy it is the Fisher information
    /// (Martens, <see href="https://arxiv.org/abs/1412.1193">arXiv 1412.1193</see>, sections 8 and 9). The loss must be a mean
    /// over images.
    /// </summary>
    GaussNewton,

    /// <summary>
    /// The empirical Fisher matrix: the mean over images of ggᵀ, g the gradient of the image's own loss with its label. Not the
    /// Fisher information, for which labels are drawn from the network (Kunstner and others,
    /// <see href="https://arxiv.org/abs/1905.12558">arXiv 1905.12558</see>). The loss must be a mean over images.
    /// </summary>
    EmpiricalFisher,
}
