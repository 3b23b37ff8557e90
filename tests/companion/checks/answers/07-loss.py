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

# %% training_step | wrong | the encoder left alone | says: weights after the steps
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
