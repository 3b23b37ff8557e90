# %% region_widths | right | capitals and blanks
prediction = {"reconstruction": " Down", "KL": "UP", "sum": "up ", "sum at factor 2": "Up"}

# %% region_widths | wrong | a number for a word | says: should be one of
prediction = {"reconstruction": "down", "KL": 1.39, "sum": "up", "sum at factor 2": "up"}

# %% region_widths | wrong | an arrow for a word | says: should be one of
prediction = {"reconstruction": "down", "KL": "↑", "sum": "up", "sum at factor 2": "up"}

# %% region_widths | wrong | three keys of four | says: with the keys
prediction = {"reconstruction": "down", "KL": "up", "sum": "up"}

# %% region_widths | wrong | a list | says: with the keys
prediction = ["down", "up", "up", "up"]

# %% region_widths | wrong | the sum stands still because it is balanced | says: You let the two changes cancel
prediction = {"reconstruction": "down", "KL": "up", "sum": "same", "sum at factor 2": "same"}

# %% region_widths | wrong | narrower regions cost less | says: You expect worse pictures
prediction = {"reconstruction": "up", "KL": "down", "sum": "up", "sum at factor 2": "up"}

# %% region_widths | wrong | factor 2 is the other way round | says: expect a better bill from wider regions
prediction = {"reconstruction": "down", "KL": "up", "sum": "up", "sum at factor 2": "down"}

# %% region_widths | right | filled one by one
prediction = {}
prediction["reconstruction"] = "down"
for key in ("KL", "sum", "sum at factor 2"):
    prediction[key] = "up"

# %% region_widths | right | a blank typed after a word
prediction = {"reconstruction": "down ", "KL": "up", "sum": "up", "sum at factor 2": "up"}

# %% gaussian_kl | wrong | the half counted twice | says: half of what it should be
def gaussian_kl(mu, logvar):
    return 0.25 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | sum over the batch | says: summed over the batch
def gaussian_kl(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())

# %% gaussian_kl | wrong | no exp | says: missing its exp
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | the two distributions exchanged | says: changed places
def gaussian_kl(mu, logvar):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    prior = torch.distributions.Normal(
        torch.zeros_like(mu), torch.ones_like(mu)
    )
    return torch.distributions.kl_divergence(prior, q).sum(dim=1)

# %% gaussian_kl | wrong | sigma for its square | says: sigma where its square belongs
def gaussian_kl(mu, logvar):
    sigma = (0.5 * logvar).exp()
    return 0.5 * (mu**2 + sigma - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | the mean alone | says: charge for the mean alone
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2).sum(dim=1)

# %% gaussian_kl | right | torch.distributions
def gaussian_kl(mu, logvar):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(q, p).sum(dim=1)

# %% gaussian_kl | right | expm1
def gaussian_kl(mu, logvar):
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(-1)

# %% gaussian_kl | right | a matrix product for the sum
def gaussian_kl(mu, logvar):
    ones = torch.ones(mu.shape[1], dtype=mu.dtype)
    return 0.5 * (mu * mu + logvar.exp() - 1 - logvar) @ ones

# %% gaussian_kl | right | two Gaussians of a library, one by one
def gaussian_kl(mu, logvar):
    sigma = torch.sqrt(torch.exp(logvar))
    terms = [
        -torch.log(s) - 0.5 + 0.5 * (m**2 + s**2) for m, s in zip(mu.T, sigma.T)
    ]
    return sum(terms)

# %% gaussian_kl | right | einsum and a sum of parts
def gaussian_kl(mu, logvar):
    return 0.5 * torch.einsum('nd,nd->n', mu, mu) + 0.5 * (logvar.exp() - logvar - 1).sum(dim=1)

# %% gaussian_kl | wrong | a bracket closes before mu | says: bracket
def gaussian_kl(mu, logvar):
    return (-0.5 * (1 + logvar) - mu**2 - logvar.exp()).sum(dim=1)

# %% gaussian_kl | wrong | a bracket closes before logvar | says: does not reach logvar
def gaussian_kl(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - 1) - logvar).sum(dim=1)

# %% gaussian_kl | wrong | the half before the 1 alone | says: before the 1 alone
def gaussian_kl(mu, logvar):
    return (-0.5 * 1 + logvar - mu**2 - logvar.exp()).sum(dim=1)

# %% gaussian_kl | wrong | no half | says: twice what it should be
def gaussian_kl(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | plus 1 | says: constant stands with the wrong sign
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() + 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | in bits | says: bits
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1) / math.log(2)

# %% gaussian_kl | wrong | not summed | says: did not sum over the latents
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)

# %% gaussian_kl | wrong | one image squeezed | says: one image
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1).squeeze()

# %% gaussian_kl | wrong | two latents written out | says: one latent|raised
def gaussian_kl(mu, logvar):
    return sum(0.5 * (mu[:, d] ** 2 + logvar[:, d].exp() - 1 - logvar[:, d]) for d in (0, 1))

# %% gaussian_kl | wrong | always float64 | says: dtype
def gaussian_kl(mu, logvar):
    mu, logvar = mu.double(), logvar.double()
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | NumPy in between | says: no gradient comes back
def gaussian_kl(mu, logvar):
    import numpy as np

    m, s = mu.detach().numpy(), logvar.detach().numpy()
    return torch.from_numpy(0.5 * (m**2 + np.exp(s) - 1 - s).sum(1))

# %% gaussian_kl | wrong | a mean that moves with mu | says: changed its argument mu
def gaussian_kl(mu, logvar):
    mu *= mu
    return 0.5 * (mu + logvar.exp() - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | sigma kept away from 0 | says: .
def gaussian_kl(mu, logvar):
    sigma = (0.5 * logvar).exp().clamp(min=0.1)
    return 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log()).sum(dim=1)

# %% gaussian_kl | wrong | an estimate from draws | says: does it draw
def gaussian_kl(mu, logvar):
    eps = torch.randn(1000, *mu.shape, dtype=mu.dtype)
    z = mu + (0.5 * logvar).exp() * eps
    return (0.5 * z**2 - 0.5 * eps**2 - 0.5 * logvar).sum(dim=2).mean(dim=0)

# %% gaussian_kl | wrong | it prints | says: prints and returns nothing
def gaussian_kl(mu, logvar):
    print(0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1))

# %% gaussian_kl | wrong | it ends the program | says: end the program
def gaussian_kl(mu, logvar):
    raise SystemExit

# %% gaussian_kl | wrong | the 1 is missing | says: with your line: a constant is missing
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar).sum(dim=1)

# %% gaussian_kl | wrong | sign of the whole | says: Your KL is negative
def gaussian_kl(mu, logvar):
    return 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)

# %% gaussian_kl | wrong | mean over the latents | says: You took the mean over the latents
def gaussian_kl(mu, logvar):
    return -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)

# %% gaussian_kl | wrong | MATLAB: sum over dim 0 | says: over the images: one number a latent
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(0)

# %% gaussian_kl | wrong | logvar read as log sigma | says: which of the two is the argument
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(dim=1)

# %% gaussian_kl | wrong | clamp for stability | says: You clamp logvar
def gaussian_kl(mu, logvar):
    logvar = logvar.clamp(-4, 4)
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | clamp from above only | says: special about logvar at -8 and 3
def gaussian_kl(mu, logvar):
    logvar = logvar.clamp(max=2)
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | in place through a view of logvar | says: changed its argument logvar
def gaussian_kl(mu, logvar):
    variance = logvar.detach().view(-1)
    keep = logvar.clone()
    variance.exp_()
    return 0.5 * (mu**2 + keep.exp() - 1 - keep).sum(dim=1)

# %% gaussian_kl | wrong | gradient of logvar cut | says: values are right, no gradient reaches logvar\.
def gaussian_kl(mu, logvar):
    variance = torch.exp(logvar.detach())
    return 0.5 * (mu**2 + variance - 1 - torch.log(variance)).sum(dim=1)

# %% gaussian_kl | wrong | only exp is cut from the graph, half of the gradient | says: gradient with respect to logvar is not\.
def gaussian_kl(mu, logvar):
    with torch.no_grad():
        variance = logvar.exp()
    return 0.5 * (mu**2 + variance - 1 - logvar).sum(dim=1)

# %% gaussian_kl | right | float32 inside, dtype turned back
def gaussian_kl(mu, logvar):
    m, v = mu.to(torch.float32), logvar.to(torch.float32)
    return (0.5 * (m**2 + v.exp() - 1 - v).sum(dim=1)).to(mu.dtype)

# %% gaussian_kl | wrong | squeeze loses the axis of one image | says: special about one image of one latent
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1).squeeze()

# %% gaussian_kl | wrong | free bits copied from a forum | says: special about latents at the prior, or close to it
def gaussian_kl(mu, logvar):
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar)
    return kl.clamp(min=0.05).sum(dim=1)

# %% gaussian_kl | wrong | mu forgotten the square | says: The mean is missing its square
def gaussian_kl(mu, logvar):
    return 0.5 * (mu + logvar.exp() - 1 - logvar).sum(dim=1)

# %% gaussian_kl | wrong | sign of logvar | says: logvar stands with the wrong sign
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 + logvar).sum(dim=1)

# %% gaussian_kl | wrong | keepdim, a column comes out | says: axes than
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1, keepdim=True)

# %% gaussian_kl | right | einsum
def gaussian_kl(mu, logvar):
    square = torch.einsum("nd,nd->n", mu, mu)
    return 0.5 * (square + torch.einsum("nd->n", logvar.exp() - logvar) - mu.shape[-1])

# %% gaussian_kl | right | cross-entropy less entropy
def gaussian_kl(mu, logvar):
    entropy = 0.5 * (math.log(2 * math.pi * math.e) + logvar).sum(1)
    cross = 0.5 * (math.log(2 * math.pi) + mu**2 + logvar.exp()).sum(1)
    return cross - entropy

# %% gaussian_kl | right | a lambda, sigma for the logarithm
gaussian_kl = lambda mu, logvar: ((mu**2 + torch.exp(logvar / 2) ** 2 - 1) / 2 - torch.exp(logvar / 2).log()).sum(1)

# %% gaussian_kl | right | cut at 0 from below against rounding
def gaussian_kl(mu, logvar):
    return F.relu(0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1))

# %% negative_elbo | wrong | beta in the term that is reported | says: The KL that you return holds beta
def negative_elbo(x, logits, mu, logvar, beta):
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    reconstruction = bce.sum(dim=1)
    kl = beta * (
        0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    )
    loss = (reconstruction + kl).mean()
    return loss, reconstruction, kl

# %% negative_elbo | wrong | everything summed | says: sum over the images
def negative_elbo(x, logits, mu, logvar, beta):
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    reconstruction = bce.sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (reconstruction + beta * kl).sum()
    return loss, reconstruction, kl

# %% negative_elbo | wrong | squared error | says: squared error
def negative_elbo(x, logits, mu, logvar, beta):
    bce = (x - logits.sigmoid()) ** 2
    reconstruction = bce.sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (reconstruction + beta * kl).mean()
    return loss, reconstruction, kl

# %% negative_elbo | wrong | one image squeezed | says: one image
def negative_elbo(x, logits, mu, logvar, beta):
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    reconstruction = bce.sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (reconstruction + beta * kl).mean()
    return loss, reconstruction.squeeze(), kl.squeeze()

# %% negative_elbo | right | the package
def negative_elbo(x, logits, mu, logvar, beta):
    rec = losses.bernoulli_nll(x, logits)
    kl = losses.gaussian_kl(mu, logvar)
    loss = (rec + beta * kl).mean()
    return losses.ELBOTerms(loss, rec, kl)

# %% negative_elbo | right | softplus
def negative_elbo(x, logits, mu, logvar, beta):
    rec = (F.softplus(logits) - x * logits).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = rec.mean() + beta * kl.mean()
    return loss, rec, kl

# %% negative_elbo | right | two log-sigmoids
def negative_elbo(x, logits, mu, logvar, beta):
    rec = -(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(-1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | right | torch.distributions
def negative_elbo(x, logits, mu, logvar, beta):
    p = torch.distributions.Bernoulli(logits=logits, validate_args=False)
    rec = -p.log_prob(x).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | right | a list of an own helper
def cost(x, logits):
    return torch.nn.BCEWithLogitsLoss(reduction="none")(logits, x).sum(1)


def negative_elbo(x, logits, mu, logvar, beta):
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
    nll = cost(x, logits)
    return (nll + beta * kl).sum() / x.size(0), nll, kl

# %% negative_elbo | wrong | the two terms exchanged | says: changed places
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, kl, rec

# %% negative_elbo | wrong | the terms first | says: The loss comes first
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return rec, kl, loss

# %% negative_elbo | wrong | beta on the reconstruction | says: beta on the reconstruction
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (beta * rec + kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | beta on both | says: beta on both
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (beta * (rec + kl)).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | the ELBO | says: You return the ELBO
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = -(rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | no mean | says: one number an image
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = rec + beta * kl
    return loss, rec, kl

# %% negative_elbo | wrong | the KL added up | says: the KL is added up
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = rec.mean() + beta * kl.sum()
    return loss, rec, kl

# %% negative_elbo | wrong | the means of the terms | says: Only the loss is a mean
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec.mean(), kl.mean()

# %% negative_elbo | wrong | the reconstruction alone | says: reconstruction term alone
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = rec.mean()
    return loss, rec, kl

# %% negative_elbo | wrong | the loss as a number | says: dtype|gradient
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss.item(), rec, kl

# %% negative_elbo | wrong | a KL without gradient | says: gradient
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl.detach()).mean()
    return loss, rec, kl.detach()

# %% negative_elbo | wrong | cross-entropy averaged over everything | says: averaged the cross-entropy over pixels and images
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | cross-entropy summed over everything | says: summed the cross-entropy over the images too
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | ink alone | says: count ink only
def negative_elbo(x, logits, mu, logvar, beta):
    rec = -(x * F.logsigmoid(logits)).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | the sign | says: wrong sign
def negative_elbo(x, logits, mu, logvar, beta):
    rec = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | ink and paper exchanged | says: changed places
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, 1 - x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | logits kept from -30 to 30 | says: -50 to 50|gradient
def negative_elbo(x, logits, mu, logvar, beta):
    logits = logits.clamp(-30, 30)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | a small number in the logarithm | says: logits|few images|one image
def negative_elbo(x, logits, mu, logvar, beta):
    p = logits.sigmoid()
    rec = -(x * (p + 1e-8).log() + (1 - x) * (1 - p + 1e-8).log()).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | a clamp at 1e-12 | says: clamp
def negative_elbo(x, logits, mu, logvar, beta):
    p = logits.sigmoid().clamp(1e-12, 1 - 1e-12)
    rec = -(x * p.log() + (1 - x) * (1 - p).log()).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | 784 pixels times the mean | says: .
def negative_elbo(x, logits, mu, logvar, beta):
    rec = 784 * F.binary_cross_entropy_with_logits(logits, x, reduction="none").mean(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | the argument clamped in place | says: .
def negative_elbo(x, logits, mu, logvar, beta):
    logits.data.clamp_(-50, 50)
    x.data.round_()
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss, rec, kl

# %% negative_elbo | wrong | xlogy saves the 0 and not the inf | says: special about logits from -50 to 50, where a probability rounds to 0 or 1
def negative_elbo(x, logits, mu, logvar, beta):
    p = logits.sigmoid()
    rec = -(torch.xlogy(x, p) + torch.xlogy(1 - x, 1 - p)).sum(1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | mean over the pixels | says: You averaged the cross-entropy over the pixels
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").mean(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | mean times 784 | says: You wrote the number of pixels in
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").mean(dim=1) * 784
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | grey pixels rounded to ink and paper | says: rounded grey pixels to ink and paper
def negative_elbo(x, logits, mu, logvar, beta):
    x = (x > 0.5).to(x.dtype)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | Bernoulli refuses grey pixels | says: raised
def negative_elbo(x, logits, mu, logvar, beta):
    rec = -torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | ContinuousBernoulli | says: reconstruction term \(value 2\) is not right
def negative_elbo(x, logits, mu, logvar, beta):
    rec = -torch.distributions.ContinuousBernoulli(logits=logits).log_prob(x).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | the signs of mu are lost in the caller's tensor | says: changed its argument mu
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    mu.data.abs_()
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | x becomes signs in the caller's tensor | says: changed its argument x
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    x *= 2
    x -= 1
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | no KL where beta is 0 | says: special about beta 0
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    if beta == 0:
        return rec.mean(), rec, torch.zeros_like(rec)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | wrong | beta forgotten | says: The loss holds no beta
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + kl).mean(), rec, kl

# %% negative_elbo | wrong | KL is one mean over the batch | says: you took the mean over the batch
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1).mean()
    return rec.mean() + beta * kl, rec, kl

# %% negative_elbo | wrong | a generator that goes on for ever | says: tensor or plain; it returned a generator
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    while True:
        yield (rec + beta * kl).mean()
        yield rec
        yield kl

# %% negative_elbo | wrong | half of logvar's gradient is lost because beta is int() | says: special about a few images, with a beta between whole numbers
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + int(beta) * kl).mean(), rec, kl

# %% negative_elbo | right | logsigmoid of both signs
def negative_elbo(x, logits, mu, logvar, beta):
    ink, paper = F.logsigmoid(logits), F.logsigmoid(-logits)
    rec = -(x * ink + (1 - x) * paper).sum(1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
    return rec.mean() + beta * kl.mean(), rec, kl

# %% negative_elbo | right | logaddexp, a list
def negative_elbo(x, logits, mu, logvar, beta):
    rec = (torch.logaddexp(logits, torch.zeros_like(logits)) - x * logits).sum(1)
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)
    return [(rec + beta * kl).mean(), rec, kl]

# %% negative_elbo | right | image by image
def negative_elbo(x, logits, mu, logvar, beta):
    recs, kls = [], []
    for one, logit, m, v in zip(x, logits, mu, logvar):
        recs.append(F.binary_cross_entropy_with_logits(logit, one, reduction="sum"))
        kls.append(0.5 * (m @ m + v.exp().sum() - len(v) - v.sum()))
    loss = sum(r + beta * k for r, k in zip(recs, kls)) / len(recs)
    return loss, torch.stack(recs), torch.stack(kls)

# %% negative_elbo | right | max, abs and log1p by hand
def negative_elbo(x, logits, mu, logvar, beta):
    rec = logits.clamp(min=0) - logits * x + torch.log1p(torch.exp(-logits.abs()))
    kl = (mu**2 + torch.expm1(logvar) - logvar) / 2
    rec, kl = rec.sum(1), kl.sum(1)
    return (rec + beta * kl).mean(), rec, kl

# %% negative_elbo | right | float64 inside, turned back
def negative_elbo(x, logits, mu, logvar, beta):
    kind = logits.dtype
    x, logits, mu, logvar = (t.double() for t in (x, logits, mu, logvar))
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    return (rec + beta * kl).mean().to(kind), rec.to(kind), kl.to(kind)

# %% negative_elbo | right | calls a gaussian_kl that stands in the same cell
def gaussian_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
def negative_elbo(x, logits, mu, logvar, beta):
    kl = gaussian_kl(mu=mu, logvar=logvar)
    rec = F.binary_cross_entropy_with_logits(input=logits, target=x, reduction="none").sum(1)
    return torch.lerp(rec, rec + kl, float(beta)).mean(), rec, kl

# %% training_step | wrong | gradients cleared before they are used | says: weights never move
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    reconstruction = losses.bernoulli_nll(x, model.decode(z)).mean()
    kl = losses.gaussian_kl(mu, logvar).mean()
    loss = reconstruction + beta * kl
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item(), reconstruction.item(), kl.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | no draw | says: decode the mean
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu
    reconstruction = losses.bernoulli_nll(x, model.decode(z)).mean()
    kl = losses.gaussian_kl(mu, logvar).mean()
    loss = reconstruction + beta * kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), reconstruction.item(), kl.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | a sum over the images | says: sum over the images
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    reconstruction = losses.bernoulli_nll(x, model.decode(z)).mean()
    kl = losses.gaussian_kl(mu, logvar).mean()
    loss = len(x) * (reconstruction + beta * kl)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), reconstruction.item(), kl.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | right | written out, cleared at the end
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return [loss.item(), d.item(), r.item()]


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | right | a gradient for each term
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    optimizer.zero_grad(set_to_none=False)
    d.backward(retain_graph=True)
    (beta * r).backward()
    optimizer.step()
    d, r = d.item(), r.item()
    return d + beta * r, d, r


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | right | cleared on the model
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    model.zero_grad()
    (d + beta * r).backward()
    optimizer.step()
    return float((d + beta * r).detach()), float(d.detach()), float(r.detach())


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | right | a tensor of three
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    terms = torch.stack([d + beta * r, d, r])
    optimizer.zero_grad()
    terms[0].backward()
    optimizer.step()
    return terms.detach()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | no step | says: weights never move
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | sigma of 1 | says: sigma 1
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | eps alone | says: decode eps
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | its own dice | says: does it draw
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | sigma cut off | says: width gets no gradient
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2).detach() * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | sigmoid twice | says: sigmoid twice
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits.sigmoid(), x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | beta on the reconstruction | says: beta on the reconstruction
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = beta * d + r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | two steps | says: move twice
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | the KL reported with beta | says: KL that you return holds beta
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    r = beta * r
    loss = d + r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | the terms exchanged | says: changed places
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), r.item(), d.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | gradients clipped | says: weights after the steps
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | the encoder left alone | says: No gradient reaches the encoder
def training_step(model, optimizer, x, eps, beta):
    with torch.no_grad():
        mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | an optimizer of its own | says: weights after the steps
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), d.item(), r.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | one value returned | says: raised TypeError
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + torch.exp(logvar / 2) * eps)
    d = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    r = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    loss = d + beta * r
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def trial(*case):
    return take_steps(training_step, *case)

# %% training_step | wrong | zero_grad forgotten | says: each new gradient to what it finds
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | exp(logvar) for sigma | says: Your draw takes exp\(logvar\) as sigma
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + logvar.exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | logvar for sigma | says: Your draw takes logvar as sigma
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + logvar * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | numbers after the weights moved | says: return are those after the weights moved
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | mean over the pixels | says: You averaged the cross-entropy over the pixels
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").mean(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | sums over the batch | says: lower and return sums
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.sum().item(), kl.sum().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | eps clipped at 2 | says: clip eps at 2
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps.clamp(-2, 2)
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | z detached | says: the draw is cut off from it
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = (mu + (0.5 * logvar).exp() * eps).detach()
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | beta forgotten | says: Beta plays no part in the loss
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | backward of the reconstruction alone | says: and lower another one, without the KL
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    rec.mean().backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | gradient clipped to norm 1 | says: You clip the gradient
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | minus eps | says: Your draw subtracts sigma times eps
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu - (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | one eps for the whole batch | says: get the draw of the first one
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps[:1]
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | logvar clamped to +-4, which a small model does not reach | says: clamp logvar at 4
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logvar = logvar.clamp(-4, 4)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | plain SGD of 0.05 by hand in place of the optimizer | says: ones are not: it has a memory
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.05 * p.grad
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | order of the numbers | says: loss comes first, then the two terms
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return rec.mean().item(), kl.mean().item(), loss.item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | minus the KL | says: You subtract the KL in the loss
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec - beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | wrong | a Gaussian with squared error | says: You took half the squared error
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = 0.5 * ((x - logits.sigmoid()) ** 2).sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | right | zero_grad at the end of the step
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | right | two backwards
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    rec.mean().backward(retain_graph=True)
    (beta * kl.mean()).backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | right | a closure for the optimizer
def training_step(model, optimizer, x, eps, beta):
    found = []
    def closure():
        optimizer.zero_grad()
        mu, logvar = model.encode(x)
        rec = losses.bernoulli_nll(x, model.decode(mu + torch.exp(logvar / 2) * eps)).mean()
        kl = losses.gaussian_kl(mu, logvar).mean()
        loss = rec + beta * kl
        loss.backward()
        found.append((loss.item(), rec.item(), kl.item()))
        return loss
    optimizer.step(closure)
    return found[0]


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | right | NumPy scalars
import numpy as np
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return tuple(np.float64(t.mean().item()) for t in (loss, rec, kl))


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% training_step | right | tensors of no axis, detached
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu + (0.5 * logvar).exp() * eps
    logits = model.decode(z)
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1)
    loss = (rec + beta * kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach(), rec.mean().detach(), kl.mean().detach()


def trial(*case):  # the check calls this: leave it as it is
    return take_steps(training_step, *case)

# %% bound_steps | wrong | the logarithm of the mean | says: logarithm of the mean
def bound_steps(log_likelihood, prior, q):
    log_joint = log_likelihood + prior.log()
    log_w = log_joint - q.log()
    log_p = log_joint.logsumexp(dim=0)
    elbo = (q * log_w).sum()
    reconstruction = (log_likelihood + q.log()).logsumexp(dim=0)
    kl = (q * (q.log() - prior.log())).sum()
    posterior = log_joint.softmax(dim=0)
    gap = (q * (q.log() - log_joint + log_joint.logsumexp(dim=0))).sum()
    return log_w, log_p, elbo, reconstruction, kl, posterior, gap

# %% bound_steps | wrong | the posterior not divided | says: does not add up to 1
def bound_steps(log_likelihood, prior, q):
    log_joint = log_likelihood + prior.log()
    log_w = log_joint - q.log()
    log_p = log_joint.logsumexp(dim=0)
    elbo = (q * log_w).sum()
    reconstruction = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = log_joint.exp()
    gap = (q * (q.log() - log_joint + log_joint.logsumexp(dim=0))).sum()
    return log_w, log_p, elbo, reconstruction, kl, posterior, gap

# %% bound_steps | right | the gap as a difference
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + torch.log(prior / q)
    log_p = torch.logsumexp(log_w + q.log(), 0)
    elbo = torch.dot(q, log_w)
    kl = (q * torch.log(q / prior)).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), 0)
    return log_w, log_p, elbo, elbo + kl, kl, posterior, log_p - elbo

# %% bound_steps | right | torch.distributions and a list
def bound_steps(log_likelihood, prior, q):
    p, own = (torch.distributions.Categorical(probs=each) for each in (prior, q))
    joint = log_likelihood + p.logits
    posterior = torch.distributions.Categorical(logits=joint)
    divergence = torch.distributions.kl_divergence
    return [
        joint - own.logits,
        joint.logsumexp(0),
        (q * (joint - own.logits)).sum(),
        (q * log_likelihood).sum(),
        divergence(own, p),
        posterior.probs,
        divergence(own, posterior),
    ]

# %% bound_steps | right | NumPy and math
def bound_steps(log_likelihood, prior, q):
    import numpy as np

    lik, p, q = (each.double().numpy() for each in (log_likelihood, prior, q))
    joint = lik + np.log(p)
    log_p = joint.max() + math.log(np.exp(joint - joint.max()).sum())
    log_w = joint - np.log(q)
    kl = (q * np.log(q / p)).sum()
    post = np.exp(joint - log_p)
    return log_w, log_p, q @ log_w, q @ lik, kl, post, q @ (np.log(q) - joint + log_p)

# %% bound_steps | wrong | the prior missing | says: Steps 1 and 3: the prior is missing
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = log_likelihood - q.log()
    log_p = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | the weight itself | says: Its logarithm is asked for
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = (joint - q.log()).exp()
    log_p = joint.logsumexp(0)
    elbo = (q * (joint - q.log())).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | p(x) itself | says: Step 2: you return p
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.exp().sum()
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | no prior in p(x) | says: Step 2: the prior is missing
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = log_likelihood.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | logarithms averaged over the prior | says: The logarithm comes last
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = (prior * log_likelihood).sum()
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | the loss | says: Step 3: you return the loss
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = -(q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | the KL added | says: Step 3: you added the KL
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    mean_ = (q * log_likelihood).sum()
    kl_ = (q * (q / prior).log()).sum()
    elbo = mean_ + kl_
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | log p(x) again | says: Step 3 is step 2 again
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = log_p
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | the mean over the prior | says: Step 4: the mean is over the prior
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (prior * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | the sign of the KL | says: Step 5: the sign
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (prior / q).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | no weights in the KL | says: without the probabilities
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q / prior).log().sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | the logarithm of the posterior | says: logarithm of the posterior
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.log_softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | the gap with its sign turned | says: Step 7: the sign
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = elbo - log_p
    return log_w, log_p, elbo, mean, kl, post, gap

# %% bound_steps | wrong | six values | says: tuple of 7
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_p = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    mean = (q * log_likelihood).sum()
    kl = (q * (q / prior).log()).sum()
    post = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_p, elbo, mean, kl, gap

# %% bound_steps | wrong | log of a sum of exp, -inf at -900 | says: Step 2 is right for ordinary numbers
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.log((log_likelihood.exp() * prior).sum())
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | posterior by exp, nan at -900 | says: special about p\(x\|z\) near exp\(-900\), too small for a number
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    joint = log_likelihood.exp() * prior
    posterior = joint / joint.sum()
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | right | gap with the logarithm of a posterior that does not round to 0 near -900
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q / posterior).log()).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | plain mean of the weights, not under q | says: weights counts every value of z alike
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_w, dim=0) - math.log(len(q))
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | sum of the weights, q forgotten | says: Step 2: you added the weights up
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_w, dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | plain mean of the logarithms | says: mean counts every value of z alike
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = log_w.mean()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | sum of the logarithms | says: the values of z without their probabilities
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = log_w.sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | line 4 plain mean | says: mean counts every value of z alike
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = log_likelihood.mean()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | KL the other way round | says: 5: the two distributions have changed places
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (prior * (prior.log() - q.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | F.kl_div with its default mean | says: are averaged over the values of z
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = F.kl_div(prior.log(), q)
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | posterior without the prior | says: Step 6: your posterior holds no prior
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood, dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | posterior from q in place of the prior | says: posterior holds q where the prior belongs
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + q.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | weights normalised for the posterior | says: you divided the weights by their sum
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_w, dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | gap from the posterior to q | says: 7: the two distributions have changed places
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    p = posterior
    gap = (p * (p.log() - q.log())).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | gap to the prior again | says: the gap is measured from the posterior
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = kl
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | prior and q swapped in the weight | says: q have changed places in the weight
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + q.log() - prior.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | the prior left out of the weight | says: the prior is missing from the weight
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | the likelihood shifted in the caller's vector | says: changed its argument log_likel
def bound_steps(log_likelihood, prior, q):
    top = log_likelihood.max().item()
    log_likelihood -= top
    log_w = log_likelihood + top + prior.log() - q.log()
    log_px = top + torch.log((log_likelihood.exp() * prior).sum())
    elbo = (q * log_w).sum()
    first = (q * log_likelihood).sum() + top
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | prior made logarithm in place | says: changed its argument prior
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    keep = prior.clone()
    prior.log_()
    log_w = joint - q.log()
    log_px = joint.logsumexp(0)
    elbo = (q * log_w).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior)).sum()
    posterior = joint.softmax(0)
    gap = (q * (q.log() - joint.log_softmax(0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | 1e-6 added in every logarithm | says: special about a value of z that q hardly ever takes
def bound_steps(log_likelihood, prior, q):
    prior, q = prior + 1e-6, q + 1e-6
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | lines 6 and 7 swapped | says: places: first the posterior, then the gap
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, gap, posterior

# %% bound_steps | wrong | only the first three values counted | says: special about some more values of z
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = sum((q * log_w)[i] for i in range(min(3, len(q))))
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | a thousand draws of q for the means | says: does it draw
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    draws = torch.multinomial(q, 1000, replacement=True)
    elbo = log_w[draws].mean()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | wrong | sys.exit for two values | says: bound_steps tried to end the program
import sys
def bound_steps(log_likelihood, prior, q):
    if len(q) < 3:
        sys.exit('too few values')
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | right | NumPy
import numpy as np
def bound_steps(log_likelihood, prior, q):
    ll, p, q = log_likelihood.numpy(), prior.numpy(), q.numpy()
    joint = ll + np.log(p)
    log_px = np.logaddexp.reduce(joint)
    return (joint - np.log(q), log_px, np.sum(q * (joint - np.log(q))), np.sum(q * ll), np.sum(q * np.log(q / p)),
            np.exp(joint - log_px), np.sum(q * (np.log(q) - joint + log_px)))

# %% bound_steps | right | F.kl_div the right way
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = F.kl_div(prior.log(), q, reduction="sum")
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = F.kl_div((log_likelihood + prior.log()).log_softmax(0), q, reduction="sum")
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | right | Categorical of torch.distributions
def bound_steps(log_likelihood, prior, q):
    D = torch.distributions
    Q, P = D.Categorical(probs=q), D.Categorical(probs=prior)
    post = D.Categorical(logits=log_likelihood + prior.log())
    log_w = log_likelihood + prior.log() - q.log()
    return (log_w, torch.logsumexp(log_w + q.log(), 0), q @ log_w, q @ log_likelihood,
            D.kl_divergence(Q, P), post.probs, D.kl_divergence(Q, post))

# %% bound_steps | right | float64 inside, turned back
def bound_steps(log_likelihood, prior, q):
    kind = q.dtype
    log_likelihood, prior, q = (t.double() for t in (log_likelihood, prior, q))
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return tuple(t.to(kind) for t in (log_w, log_px, elbo, first, kl, posterior, gap))

# %% bound_steps | right | float64 goes out of float32 too
def bound_steps(log_likelihood, prior, q):
    log_likelihood, prior, q = (t.double() for t in (log_likelihood, prior, q))
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | right | a mean of log w under q by einsum, log2 turned back
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = torch.einsum("i,i->", q, log_w)
    first = (q * log_likelihood).sum()
    kl = math.log(2) * (q * torch.log2(q / prior)).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | right | the gap as line 2 less line 3
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = log_px - elbo
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | right | single numbers with one axis
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0, keepdim=True)
    elbo = (q * (log_likelihood + prior.log() - q.log())).sum()
    first = (q * log_likelihood).sum(dim=0, keepdim=True)
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound_steps | right | ELBO as line 4 less line 5, written out
def bound_steps(log_likelihood, prior, q):
    log_w = log_likelihood + prior.log() - q.log()
    log_px = torch.logsumexp(log_likelihood + prior.log(), dim=0)
    elbo = (q * log_likelihood).sum() - (q * (q / prior).log()).sum()
    first = (q * log_likelihood).sum()
    kl = (q * (q.log() - prior.log())).sum()
    posterior = torch.softmax(log_likelihood + prior.log(), dim=0)
    gap = (q * (q.log() - torch.log_softmax(log_likelihood + prior.log(), dim=0))).sum()
    return log_w, log_px, elbo, first, kl, posterior, gap

# %% bound | wrong | the loss returned | says: return the loss
def bound(x, logits, z, mu, logvar):
    p_x = (
        torch.distributions.Bernoulli(logits=logits)
        .log_prob(x.expand_as(logits))
        .sum(dim=2)
    )
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(dim=2)
    q = (
        torch.distributions.Normal(mu, (0.5 * logvar).exp())
        .log_prob(z)
        .sum(dim=2)
    )
    return math.log(len(z)) - (p_x + p_z - q).logsumexp(dim=0)

# %% bound | right | one draw at a time
def bound(x, logits, z, mu, logvar):
    sigma = (0.5 * logvar).exp()
    log_w = []
    for draw, pixels in zip(z, logits):
        log_prior = -0.5 * (draw**2).sum(1)
        log_q = (-0.5 * ((draw - mu) / sigma) ** 2 - sigma.log()).sum(1)
        log_w.append(-losses.bernoulli_nll(x, pixels) + log_prior - log_q)
    return torch.stack(log_w).logsumexp(0) - math.log(len(log_w))

# %% bound | right | the largest weight taken out by hand
def bound(x, logits, z, mu, logvar):
    normal, bernoulli = torch.distributions.Normal, torch.distributions.Bernoulli
    log_w = bernoulli(logits=logits).log_prob(x.expand_as(logits)).sum(-1)
    log_w = log_w + normal(0.0, 1.0).log_prob(z).sum(-1)
    log_w = log_w - normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    top = log_w.max(dim=0).values
    return top + torch.log(torch.mean(torch.exp(log_w - top), dim=0))

# %% bound | wrong | five draws | says: .
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return log_w.logsumexp(0) - math.log(5)

# %% bound | wrong | divided by k | says: divided the logarithm
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return log_w.logsumexp(0) / len(z)

# %% bound | wrong | the largest weight | says: the largest weight
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return log_w.max(0).values

# %% bound | wrong | one number | says: averaged over the batch too
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return (log_w.logsumexp(0) - math.log(len(z))).mean()

# %% bound | wrong | the number of images | says: number of images
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return log_w.logsumexp(0) - math.log(len(x))

# %% bound | wrong | q missing | says: q is missing from the weight
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return (p_x + p_z).logsumexp(0) - math.log(len(z))

# %% bound | wrong | prior and q exchanged | says: changed places
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return (p_x - p_z + q).logsumexp(0) - math.log(len(z))

# %% bound | wrong | the gradient of q cut off | says: gradient
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return (p_x + p_z - q.detach()).logsumexp(0) - math.log(len(z))

# %% bound | wrong | one image squeezed | says: one image
def bound(x, logits, z, mu, logvar):
    p_x = -F.binary_cross_entropy_with_logits(
        logits, x.expand_as(logits), reduction="none"
    ).sum(2)
    p_z = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(2)
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(2)
    log_w = p_x + p_z - q
    return (log_w.logsumexp(0) - math.log(len(z))).squeeze()

# %% bound | wrong | the ELBO: mean of the logarithms | says: is the ELBO, with however many draws
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return log_w.mean(dim=0)

# %% bound | wrong | exp first, logarithm after | says: It is right for small images
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return log_w.exp().mean(dim=0).log()

# %% bound | wrong | exp with 1e-10 in the logarithm | says: add a small number
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.log(log_w.exp().mean(dim=0) + 1e-10)

# %% bound | wrong | k not divided by | says: You added the weights
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0)

# %% bound | wrong | plus log q | says: You multiply by the density of q
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior + log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | the prior left out | says: the prior is missing from the weight
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | 2 pi only in the prior | says: is there, in q it is missing
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | 2 pi once a code in q, once a latent in the prior | says: in q once for all of them
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * (((z - mu) ** 2 / logvar.exp() + logvar).sum(dim=-1) + math.log(2 * math.pi))
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | logvar taken for log sigma | says: q has a standard deviation of exp\(logvar\)
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = torch.distributions.Normal(torch.zeros_like(mu), 1.0).log_prob(z).sum(-1)
    log_q = torch.distributions.Normal(mu, logvar.exp()).log_prob(z).sum(-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | the width term of q forgotten | says: narrow Gaussian is also a high one
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | the width term without its half | says: in front, where that of sigma belongs
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + 2 * logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | divided by sigma, not by the variance | says: square of z - mu by sigma
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / (0.5 * logvar).exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | the best draw alone | says: special about one image of two pixels, with two draws
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return log_w.max(dim=0).values - math.log(len(z))

# %% bound | wrong | logsumexp over the batch | says: images: one number a draw came out
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=1) - math.log(len(z))

# %% bound | wrong | log of the sigmoid and its rest | says: You take the logarithm of a probability
def bound(x, logits, z, mu, logvar):
    p = torch.sigmoid(logits)
    log_like = (x * p.log() + (1 - x) * (1 - p).log()).sum(-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | mean over the pixels | says: You averaged the cross-entropy over the pixels
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").mean(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | sign of the cross-entropy | says: weight if it explains the image badly
def bound(x, logits, z, mu, logvar):
    log_like = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | z -= mu in the caller's tensor | says: changed its argument z
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    z.data.sub_(mu.data)
    log_q = -0.5 * (z**2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | logits turned to signs in place | says: changed its argument logits
def bound(x, logits, z, mu, logvar):
    signs = 2 * x - 1
    log_like = F.logsigmoid(signs * logits).sum(-1)
    with torch.no_grad():
        logits.mul_(signs)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | logvar clamped to +-4 | says: special about logvar from -8 to 1
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    logvar = logvar.clamp(-4, 4)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | the closed-form KL in place of the logarithms | says: form of the KL into every weight
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    return torch.logsumexp(log_like, dim=0) - math.log(len(z)) - kl

# %% bound | wrong | the prior around mu | says: Your prior lies around mu
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * ((z - mu) ** 2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | draws of its own | says: does it draw
def bound(x, logits, z, mu, logvar):
    z = mu + (0.5 * logvar).exp() * torch.randn_like(z)
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | wrong | float32 | says: float64 came in and float32 came out
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return (torch.logsumexp(log_w.float(), dim=0) - math.log(len(z)))

# %% bound | wrong | no weights for a single draw | says: special about one draw
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    if len(z) == 1:
        return log_like[0]
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | right | Bernoulli and Normal
def bound(x, logits, z, mu, logvar):
    D = torch.distributions
    log_w = D.Bernoulli(logits=logits).log_prob(x).sum(-1)
    log_w = log_w + D.Normal(torch.zeros_like(mu), torch.ones_like(mu)).log_prob(z).sum(-1)
    log_w = log_w - D.Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(-1)
    return torch.logsumexp(log_w, 0) - math.log(z.shape[0])

# %% bound | right | logaddexp draw by draw
def bound(x, logits, z, mu, logvar):
    total = None
    for one, code in zip(logits, z):
        like = (x * F.logsigmoid(one) + (1 - x) * F.logsigmoid(-one)).sum(1)
        ratio = 0.5 * ((code - mu) ** 2 * torch.exp(-logvar) + logvar - code**2).sum(1)
        weight = like + ratio
        total = weight if total is None else torch.logaddexp(total, weight)
    return total - math.log(len(logits))

# %% bound | right | MultivariateNormal
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    M = torch.distributions.MultivariateNormal
    log_prior = M(torch.zeros_like(mu), torch.eye(mu.shape[1], dtype=mu.dtype)).log_prob(z)
    log_q = M(mu, scale_tril=torch.diag_embed((0.5 * logvar).exp())).log_prob(z)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | right | the largest of each image, detached
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    top = log_w.detach().amax(dim=0)
    return top + (log_w - top).exp().mean(dim=0).log()

# %% bound | right | float64 inside, turned back
def bound(x, logits, z, mu, logvar):
    kind = logits.dtype
    x, logits, z, mu, logvar = (t.double() for t in (x, logits, z, mu, logvar))
    log_w = -(F.softplus(logits) - x * logits).sum(-1)
    log_w = log_w - 0.5 * (z**2).sum(-1) + 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar).sum(-1)
    return (log_w.logsumexp(0) - math.log(len(z))).to(kind)

# %% bound | right | eps and einsum
def bound(x, logits, z, mu, logvar):
    log_like = torch.einsum("np,knp->kn", x, logits) - F.softplus(logits).sum(-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    eps = (z - mu) * torch.exp(-0.5 * logvar)
    log_q = -0.5 * torch.einsum("knd,knd->kn", eps, eps) - 0.5 * logvar.sum(-1) - 0.5 * mu.shape[1] * math.log(2 * math.pi)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | right | log of k as a float32 tensor of no axis
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - torch.log(torch.tensor(float(len(z))))

# %% bound | right | where for ink and paper
def bound(x, logits, z, mu, logvar):
    log_like = torch.where(x > 0.5, F.logsigmoid(logits), F.logsigmoid(-logits)).sum(-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return torch.logsumexp(log_w, dim=0) - math.log(len(z))

# %% bound | right | image by image
def bound(x, logits, z, mu, logvar):
    rows = []
    for n in range(len(x)):
        log_w = (x[n] * logits[:, n] - F.softplus(logits[:, n])).sum(1)
        log_w = log_w + 0.5 * ((z[:, n] - mu[n]) ** 2 / logvar[n].exp() + logvar[n] - z[:, n] ** 2).sum(1)
        rows.append(torch.logsumexp(log_w, dim=0) - math.log(len(log_w)))
    return torch.stack(rows)

# %% bound | right | log of the softmax turned round
def bound(x, logits, z, mu, logvar):
    log_like = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(dim=-1)
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(dim=-1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(dim=-1)
    log_w = log_like + log_prior - log_q
    return (log_w - log_w.log_softmax(dim=0))[0] - math.log(len(z))
# %% training_step | wrong | logvar clamped at 6, near the end of what is asked | says: clamp logvar at 6
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logvar = logvar.clamp(-6, 6)
    logits = model.decode(mu + (0.5 * logvar).exp() * eps)
    loss, rec, kl = negative_elbo(x, logits, mu, logvar, beta)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):
    return take_steps(training_step, *case)


# %% training_step | wrong | logits clamped at 30 | says: special about weights times 5
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + (0.5 * logvar).exp() * eps).clamp(-30, 30)
    loss, rec, kl = negative_elbo(x, logits, mu, logvar, beta)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):
    return take_steps(training_step, *case)


# %% training_step | wrong | cross-entropy of the probabilities, in a step | says: logarithm of a probability
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    p = torch.sigmoid(model.decode(mu + (0.5 * logvar).exp() * eps))
    rec = F.binary_cross_entropy(p, x, reduction="none").sum(1).mean()
    kl = gaussian_kl(mu, logvar).mean()
    loss = rec + beta * kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.item(), kl.item()


def trial(*case):
    return take_steps(training_step, *case)


# %% training_step | wrong | gradient clipped to norm 10 | says: You clip the gradient, at a norm of 10
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    logits = model.decode(mu + (0.5 * logvar).exp() * eps)
    loss, rec, kl = negative_elbo(x, logits, mu, logvar, beta)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):
    return take_steps(training_step, *case)


# %% gaussian_kl | wrong | the notebook's names in place of the arguments | says: the same whatever comes in
def gaussian_kl(m, log_variance):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)


# %% negative_elbo | wrong | the image's own entropy taken off | says: reconstruction term \(value 2\) is not right, and the loss holds it
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    rec = (rec - torch.special.entr(x) - torch.special.entr(1 - x)).sum(1)
    kl = gaussian_kl(mu, logvar)
    return (rec + beta * kl).mean(), rec, kl


# %% negative_elbo | wrong | a beta of 0 becomes 1 | says: loss \(value 1\) is not right, the other values are.*special about beta 0
def negative_elbo(x, logits, mu, logvar, beta):
    beta = beta or 1
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    kl = gaussian_kl(mu, logvar)
    return (rec + beta * kl).mean(), rec, kl


# %% bound_steps | wrong | both KLs by kl_div with the arguments turned round | says: Step 5: the two distributions have changed places
def bound_steps(log_likelihood, prior, q):
    joint = log_likelihood + prior.log()
    log_w = joint - q.log()
    log_post = joint.log_softmax(0)
    kl = F.kl_div(q.log(), prior, reduction="sum")
    gap = F.kl_div(q.log(), log_post.exp(), reduction="sum")
    return log_w, joint.logsumexp(0), (q * log_w).sum(), (q * log_likelihood).sum(), kl, log_post.exp(), gap


# %% bound | wrong | the axes are put in order by their lengths | says: special about as many draws as images
def bound(x, logits, z, mu, logvar):
    if logits.shape[0] == x.shape[0]:
        logits, z = logits.transpose(0, 1), z.transpose(0, 1)
    log_p = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)
    log_r = 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1)
    return (log_p + log_r).logsumexp(0) - math.log(len(z))


# %% training_step | wrong | the encoder runs without a graph | says: No gradient reaches the encoder, that of the KL neither
def training_step(model, optimizer, x, eps, beta):
    with torch.no_grad():
        mu, logvar = model.encode(x)
    logits = model.decode(mu + (0.5 * logvar).exp() * eps)
    loss, rec, kl = negative_elbo(x, logits, mu, logvar, beta)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):
    return take_steps(training_step, *case)


# %% training_step | wrong | mu detached in the draw | says: mu is cut off in the draw
def training_step(model, optimizer, x, eps, beta):
    mu, logvar = model.encode(x)
    z = mu.detach() + (0.5 * logvar).exp() * eps
    loss, rec, kl = negative_elbo(x, model.decode(z), mu, logvar, beta)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), rec.mean().item(), kl.mean().item()


def trial(*case):
    return take_steps(training_step, *case)


# %% negative_elbo | wrong | the terms of one image are squeezed | says: is an axis lost, or kept\?.*special about one image
def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).squeeze()
    kl = gaussian_kl(mu, logvar).squeeze()
    return (rec + beta * kl).mean(), rec, kl
