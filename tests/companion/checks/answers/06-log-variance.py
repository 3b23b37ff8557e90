# %% small_logvar | right | NaN with capitals, and numbers
prediction = {
    "variance": 0,
    "sigma": "Number",
    "root": 0.0,
    "slope of root": "NaN",
    "KL": 8.5,
}

# %% small_logvar | right | the values themselves
prediction = {
    "variance": torch.tensor(0.0),
    "sigma": math.exp(-9),
    "root": 0,
    "slope of root": math.nan,
    "KL": 8.5,
}

# %% small_logvar | wrong | all is lost | says: do to logvar before exp
prediction = {"variance": "0", "sigma": "0", "root": "0", "slope of root": "0", "KL": "inf"}


# %% log_density | right | the library's density of eps
def log_density(z, mu, logvar):
    eps = (z - mu) / (0.5 * logvar).exp()
    return (-0.5 * eps.square() - 0.5 * math.log(2 * math.pi)).sum(1) - 0.5 * logvar.sum(1)


# %% log_density | right | a loop over the directions
def log_density(z, mu, logvar):
    total = torch.zeros(len(z), dtype=z.dtype)
    for j in range(z.shape[1]):
        eps = (z[:, j] - mu[:, j]) * torch.exp(-logvar[:, j] / 2)
        total = total - 0.5 * (eps * eps + logvar[:, j] + math.log(2 * math.pi))
    return total


# %% log_density | wrong | torch.distributions | says: where is a variance formed
def log_density(z, mu, logvar):
    return torch.distributions.Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(dim=1)


# %% log_density | wrong | in float64 and back | says: where is a variance formed
def log_density(z, mu, logvar):
    v = logvar.double()
    squared = (z.double() - mu.double()) ** 2 / v.exp()
    return (-0.5 * (squared + v + math.log(2 * math.pi)).sum(dim=1)).to(z.dtype)


# %% log_density | wrong | logvar clamped | says: clamped
def log_density(z, mu, logvar):
    logvar = logvar.clamp(-80, 80)
    eps = (z - mu) * (-0.5 * logvar).exp()
    return -0.5 * (eps**2 + logvar + math.log(2 * math.pi)).sum(dim=1)


# %% log_density | wrong | logvar clamped where models live | says: .
def log_density(z, mu, logvar):
    logvar = logvar.clamp(-4, 4)
    eps = (z - mu) * (-0.5 * logvar).exp()
    return -0.5 * (eps**2 + logvar + math.log(2 * math.pi)).sum(dim=1)


# %% log_density | wrong | the constant once a code | says: counted once a code
def log_density(z, mu, logvar):
    eps = (z - mu) * (-0.5 * logvar).exp()
    return -0.5 * (eps**2 + logvar).sum(dim=1) - 0.5 * math.log(2 * math.pi)


# %% log_density | wrong | the constant for two directions | says: .
def log_density(z, mu, logvar):
    eps = (z - mu) * (-0.5 * logvar).exp()
    return -0.5 * (eps**2 + logvar).sum(dim=1) - math.log(2 * math.pi)


# %% log_density | wrong | the distance in place | says: changed its argument z
def log_density(z, mu, logvar):
    z = z.data.sub_(mu) * (-0.5 * logvar).exp()
    return -0.5 * (z**2 + logvar + math.log(2 * math.pi)).sum(dim=1)


# %% log_density | wrong | NumPy inside, where a gradient is asked | says: no gradient
def log_density(z, mu, logvar):
    import numpy as np

    z, mu, logvar = (each.detach().numpy() for each in (z, mu, logvar))
    eps = (z - mu) * np.exp(-0.5 * logvar)
    return torch.from_numpy(-0.5 * (eps**2 + logvar + np.log(2 * np.pi).astype(z.dtype)).sum(axis=1))


# %% cut | right | a function of autograd
class _Through(torch.autograd.Function):
    @staticmethod
    def forward(context, logvar, low, high):
        return logvar.clamp(low, high)

    @staticmethod
    def backward(context, grad):
        return grad, None, None


def cut(logvar, low, high):
    return _Through.apply(logvar, low, high)


# %% cut | right | with no_grad
def cut(logvar, low, high):
    with torch.no_grad():
        inside = torch.clamp(logvar, low, high)
    return inside + (logvar - logvar.detach())


# %% cut | wrong | the common way to write it | says: At a logvar of 1e20 or 1e30
def cut(logvar, low, high):
    return logvar + (logvar.clamp(low, high) - logvar).detach()


# %% cut | wrong | the limits of the chapter | says: numbers of your own
def cut(logvar, low, high):
    return logvar.clamp(-10, 10).detach() + (logvar - logvar.detach())


# %% cut | wrong | clamp_ on data | says: changed its argument logvar
def cut(logvar, low, high):
    return logvar.data.clamp_(low, high).detach() + (logvar - logvar.detach())


# %% cut | wrong | for a table only | says: .
def cut(logvar, low, high):
    rows = [row.clamp(low, high).detach() + (row - row.detach()) for row in logvar]
    return torch.stack(rows)


# %% heads | right | by autograd, in float64 inside
def heads(sigma, slope, rate):
    s = sigma.double()
    starts = [s + torch.log(-torch.expm1(-s)), s.log(), 2 * s.log()]
    ways = [F.softplus, torch.exp, lambda a: torch.exp(a / 2)]
    after = []
    for start, way in zip(starts, ways, strict=True):
        a = start.clone().requires_grad_()
        (link,) = torch.autograd.grad(way(a).sum(), a)
        after.append(way(start - rate * slope.double() * link).to(sigma.dtype))
    return after


# %% heads | right | in closed form
def heads(sigma, slope, rate):
    rise = -torch.expm1(-sigma)
    softplus = F.softplus(sigma + rise.log() - rate * slope * rise)
    exp = sigma * torch.exp(-rate * slope * sigma)
    return softplus, exp, sigma * torch.exp(-rate * slope * sigma / 4)


# %% heads | wrong | the obvious inverse | says: exp of a large number
def heads(sigma, slope, rate):
    a = torch.log(torch.exp(sigma) - 1)
    softplus = F.softplus(a - rate * slope * torch.sigmoid(a))
    exp = torch.exp(torch.log(sigma) - rate * slope * sigma)
    return softplus, exp, torch.exp((2 * torch.log(sigma) - rate * slope * sigma / 2) / 2)


# %% heads | wrong | expm1 in the obvious inverse | says: exp of a large number
def heads(sigma, slope, rate):
    a = torch.log(torch.expm1(sigma))
    softplus = F.softplus(a - rate * slope * torch.sigmoid(a))
    exp = torch.exp(torch.log(sigma) - rate * slope * sigma)
    return softplus, exp, torch.exp((2 * torch.log(sigma) - rate * slope * sigma / 2) / 2)


# %% heads | wrong | exp and logvar exchanged | says: changed places
def heads(sigma, slope, rate):
    rise = -torch.expm1(-sigma)
    softplus = F.softplus(sigma + rise.log() - rate * slope * rise)
    exp = sigma * torch.exp(-rate * slope * sigma)
    return softplus, sigma * torch.exp(-rate * slope * sigma / 4), exp


# %% heads | wrong | first order only | says: straight line
def heads(sigma, slope, rate):
    links = (-torch.expm1(-sigma), sigma, sigma / 2)
    return tuple(sigma - rate * slope * link * link for link in links)


# %% heads | wrong | float64 whatever comes | says: float64 came out
def heads(sigma, slope, rate):
    sigma, slope = sigma.double(), slope.double()
    rise = -torch.expm1(-sigma)
    softplus = F.softplus(sigma + rise.log() - rate * slope * rise)
    exp = sigma * torch.exp(-rate * slope * sigma)
    return softplus, exp, sigma * torch.exp(-rate * slope * sigma / 4)


# %% settle | right | NumPy inside, a list
def settle(logvar, c, tau, beta):
    import numpy as np

    v, c, t, b = (each.numpy() for each in (logvar, c, tau, beta))
    s = np.exp(v)
    kl = (s / t**2 - 1 - v + np.log(t**2)) / 2
    slope = c * s / 2 + b * (s / t**2 - 1) / 2
    return [c * s / 2, kl, slope, -np.log(c / b + 1 / t**2), b / 2]


# %% settle | right | the bend before it is simplified
def settle(logvar, c, tau, beta):
    s = logvar.exp()
    kl = 0.5 * (s / tau**2 - 1 - torch.log(s / tau**2))
    rest = torch.log(beta / (c + beta / tau**2))
    bend = 0.5 * (c + beta / tau**2) * rest.exp()
    return c * s / 2, kl, c * s / 2 + beta * (s / tau**2 - 1) / 2, rest, bend


# %% settle | wrong | the KL from a prior of 1 | says: Step 2. this is the KL from N
def settle(logvar, c, tau, beta):
    s = logvar.exp()
    kl = 0.5 * (s - 1 - logvar)
    rest = torch.log(beta / (c + beta / tau**2))
    return c * s / 2, kl, c * s / 2 + beta * (s / tau**2 - 1) / 2, rest, beta / 2


# %% settle | wrong | beta lost on the way to the rest | says: Step 4. this is the rest for beta = 1
def settle(logvar, c, tau, beta):
    s = logvar.exp()
    kl = 0.5 * (s / tau**2 - 1 - logvar) + torch.log(tau)
    rest = -torch.log(c + 1 / tau**2)
    return c * s / 2, kl, c * s / 2 + beta * (s / tau**2 - 1) / 2, rest, beta / 2


# %% settle | wrong | the rest of the chapter | says: Step 4. this is the rest for beta = 1 and tau = 1
def settle(logvar, c, tau, beta):
    s = logvar.exp()
    kl = 0.5 * (s / tau**2 - 1 - logvar) + torch.log(tau)
    return c * s / 2, kl, c * s / 2 + beta * (s / tau**2 - 1) / 2, -torch.log(1 + c), beta / 2


# %% settle | wrong | exp in place | says: changed its argument logvar
def settle(logvar, c, tau, beta):
    v = logvar.clone()
    s = logvar.exp_()
    kl = 0.5 * (s / tau**2 - 1 - v) + torch.log(tau)
    rest = torch.log(beta / (c + beta / tau**2))
    return c * s / 2, kl, c * s / 2 + beta * (s / tau**2 - 1) / 2, rest, beta / 2
