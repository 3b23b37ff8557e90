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


# %% small_logvar | right | NumPy scalars
import numpy as np

prediction = {
    "KL": "number",
    "slope of root": np.float32("nan"),
    "root": np.float16(0),
    "sigma": "number",
    "variance": np.int64(0),
}


# %% small_logvar | wrong | infinite slope | says: let the root win
prediction = {
    "variance": "0",
    "sigma": "number",
    "root": "0",
    "slope of root": "inf",
    "KL": "number",
}


# %% small_logvar | wrong | sigma is 0 too, and so is the slope | says: sigma go where the variance
prediction = {
    "variance": "0",
    "sigma": "0",
    "root": "0",
    "slope of root": "0",
    "KL": "number",
}


# %% small_logvar | wrong | the root survives | says: as a program not
prediction = {
    "variance": "0",
    "sigma": "number",
    "root": "number",
    "slope of root": "number",
    "KL": "number",
}


# %% log_density | right | MultivariateNormal with a triangle of sigmas
def log_density(z, mu, logvar):
    q = torch.distributions.MultivariateNormal(
        mu, scale_tril=torch.diag_embed(torch.exp(0.5 * logvar))
    )
    return q.log_prob(z)


# %% log_density | right | a TransformedDistribution
def log_density(z, mu, logvar):
    base = torch.distributions.Independent(
        torch.distributions.Normal(torch.zeros_like(z), torch.ones_like(z)), 1
    )
    move = torch.distributions.AffineTransform(
        mu, (0.5 * logvar).exp(), event_dim=1
    )
    return torch.distributions.TransformedDistribution(base, [move]).log_prob(z)


# %% log_density | right | quarters of logvar, one at a time
def log_density(z, mu, logvar):
    q = torch.exp(-0.25 * logvar)
    u = (z - mu) * q * q
    const = 0.9189385332046727
    return -(0.5 * u.square() + 0.5 * logvar + const).sum(1)


# %% log_density | right | an autograd function of its own
class _LogDensity(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, mu, logvar):
        u = (z - mu) * torch.exp(-0.5 * logvar)
        ctx.save_for_backward(u, logvar)
        return -0.5 * (u * u + logvar + math.log(2 * math.pi)).sum(1)

    @staticmethod
    def backward(ctx, out):
        u, logvar = ctx.saved_tensors
        by_mu = u * torch.exp(-0.5 * logvar) * out[:, None]
        return -by_mu, by_mu, 0.5 * (u * u - 1) * out[:, None]


def log_density(z, mu, logvar):
    return _LogDensity.apply(z, mu, logvar)


# %% log_density | wrong | the formula typed out, then its log | says: where is a variance formed
def log_density(z, mu, logvar):
    sigma = (0.5 * logvar).exp()
    p = torch.exp(-((z - mu) ** 2) / (2 * sigma**2)) / (
        sigma * math.sqrt(2 * math.pi)
    )
    return p.log().sum(dim=1)


# %% log_density | wrong | gaussian_nll_loss | says: does a step form a variance
def log_density(z, mu, logvar):
    return -F.gaussian_nll_loss(
        mu, z, logvar.exp(), full=True, reduction="none"
    ).sum(1)


# %% log_density | wrong | logvar clamped below -6, and let through where it is huge | says: logvar from -8 to 3
def log_density(z, mu, logvar):
    v = logvar.clamp(min=-6)
    v = torch.where(logvar < -20, logvar, v)
    u = (z - mu) * torch.exp(-0.5 * v)
    return -0.5 * (u**2 + v + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | u clipped at 10 | says: far from mu
def log_density(z, mu, logvar):
    u = ((z - mu) * torch.exp(-0.5 * logvar)).clamp(-10, 10)
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | a small number added to sigma | says: added or replaced
def log_density(z, mu, logvar):
    u = (z - mu) / (torch.exp(0.5 * logvar) + 1e-8)
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | the square as exp of a log, no slope at z = mu | says: not finite
def log_density(z, mu, logvar):
    u2 = torch.exp(2 * (z - mu).abs().log() - logvar)
    return -0.5 * (u2 + logvar + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | logvar as log sigma | says: log sigma, in every term
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-logvar)
    return (-0.5 * u**2 - logvar - 0.5 * math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | sign of logvar | says: sign of the term
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-0.5 * logvar)
    return -0.5 * (u**2 - logvar + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | in bits | says: in bits
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-0.5 * logvar)
    nats = -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(1)
    return nats / math.log(2)


# %% log_density | wrong | the constant's log in base 10 | says: base 10
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-0.5 * logvar)
    return -0.5 * (u**2 + logvar + math.log10(2 * math.pi)).sum(1)


# %% log_density | wrong | the mean over the directions | says: mean over the directions
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-0.5 * logvar)
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).mean(1)


# %% log_density | wrong | summed over the codes | says: not of the lengths
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-0.5 * logvar)
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(0)


# %% log_density | wrong | gradient of logvar cut in the scale | says: with respect to logvar is not
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-0.5 * logvar).detach()
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | z centred in place through .data | says: changed its argument z
def log_density(z, mu, logvar):
    z.data.sub_(mu.data)
    u = z * torch.exp(-0.5 * logvar)
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | float64 comes back | says: float64 came out
def log_density(z, mu, logvar):
    z, mu, logvar = z.double(), mu.double(), logvar.double()
    u = (z - mu) * torch.exp(-0.5 * logvar)
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | squeezed | says: fewer axes
def log_density(z, mu, logvar):
    z, mu, logvar = z.squeeze(), mu.squeeze(), logvar.squeeze()
    u = (z - mu) * torch.exp(-0.5 * logvar)
    return -0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(-1)


# %% log_density | wrong | prints | says: prints and returns nothing
def log_density(z, mu, logvar):
    u = (z - mu) * torch.exp(-0.5 * logvar)
    print(-0.5 * (u**2 + logvar + math.log(2 * math.pi)).sum(1))


# %% cut | right | where, each branch with the gap
def cut(logvar, low, high):
    gap = logvar - logvar.detach()
    low_, high_ = low + gap, high + gap
    return torch.where(
        logvar < low, low_, torch.where(logvar > high, high_, logvar)
    )


# %% cut | right | a clone written into under no_grad, masks
def cut(logvar, low, high):
    free = logvar.detach()
    value = free.clone()
    value[free < low] = low
    value[free > high] = high
    return value + (logvar - free)


# %% cut | right | NumPy for the value
import numpy as np

def cut(logvar, low, high):
    value = np.clip(logvar.detach().numpy(), low, high)
    return torch.as_tensor(value, dtype=logvar.dtype) + (logvar - logvar.detach())


# %% cut | right | one number at a time
def cut(logvar, low, high):
    flat = []
    for v in logvar.reshape(-1):
        value = min(max(v.item(), low), high)
        flat.append(v - v.detach() + value)
    return torch.stack(flat).reshape(logvar.shape)


# %% cut | wrong | the overshoot taken away | says: At a logvar of 1e20
def cut(logvar, low, high):
    over = (logvar - high).clamp(min=0) - (low - logvar).clamp(min=0)
    return logvar - over.detach()


# %% cut | wrong | a new leaf | says: no gradient reaches
def cut(logvar, low, high):
    return logvar.detach().clamp(low, high).requires_grad_()


# %% cut | wrong | in place through .data, then a clone | says: changed its argument logvar
def cut(logvar, low, high):
    logvar.data = logvar.data.clamp(low, high)
    return logvar.clone()


# %% cut | wrong | a multiple that gives the value, its slope is not 1 | says: that factor
def cut(logvar, low, high):
    ratio = (logvar.clamp(low, high) / logvar).detach()
    return logvar * ratio


# %% cut | wrong | soft clamp | says: squeeze is smooth
def cut(logvar, low, high):
    middle, half = (low + high) / 2, (high - low) / 2
    return middle + half * torch.tanh((logvar - middle) / half)


# %% cut | wrong | a small slope outside | says: with respect to logvar is not
def cut(logvar, low, high):
    leak = 0.01 * (logvar - logvar.detach())
    inside = (logvar >= low) & (logvar <= high)
    value = logvar.clamp(low, high)
    return torch.where(inside, logvar, value.detach() + leak)


# %% cut | wrong | limits taken as plus and minus high | says: as far below 0
def cut(logvar, low, high):
    return logvar.clamp(-high, high).detach() + (logvar - logvar.detach())


# %% cut | wrong | a row at least | says: The shape stays
def cut(logvar, low, high):
    v = torch.atleast_1d(logvar)
    return v.clamp(low, high).detach() + (v - v.detach())


# %% cut | wrong | slope 1 outside, 0 inside | says: outside the limits only
def cut(logvar, low, high):
    inside = ((logvar >= low) & (logvar <= high)).to(logvar.dtype)
    gap = (1 - inside) * (logvar - logvar.detach())
    return logvar.clamp(low, high).detach() + gap


# %% cut | wrong | a hook on the cut value, its slope stays 0 | says: with respect to logvar is not
def cut(logvar, low, high):
    out = logvar.clamp(low, high)
    if out.requires_grad:
        out.register_hook(lambda grad: torch.ones_like(grad))
    return out


# %% cut | wrong | an autograd function that says 1 whatever comes in | says: with respect to logvar is not
class _One(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logvar, low, high):
        return logvar.clamp(low, high)

    @staticmethod
    def backward(ctx, out):
        return torch.ones_like(out), None, None


def cut(logvar, low, high):
    return _One.apply(logvar, low, high)


# %% heads | right | F.softplus, sigmoid, where for the inverse
def heads(sigma, slope, rate):
    small = torch.log(torch.expm1(sigma.clamp(max=20)))
    a = torch.where(sigma > 20, sigma, small)
    soft = F.softplus(a - rate * slope * torch.sigmoid(a))
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return soft, expo, logv


# %% heads | right | float64 inside, the obvious inverse, cast back
def heads(sigma, slope, rate):
    s, g = sigma.double(), slope.double()
    a = torch.log(torch.exp(s) - 1)
    a = a - rate * g * torch.sigmoid(a)
    soft = torch.log1p(torch.exp(a))
    expo = torch.exp(torch.log(s) - rate * g * s)
    logv = torch.exp(0.5 * (2 * torch.log(s) - rate * g * 0.5 * s))
    return tuple(t.to(sigma.dtype) for t in (soft, expo, logv))


# %% heads | right | Newton for the inverse
def heads(sigma, slope, rate):
    a = torch.where(sigma < 1, sigma.log(), sigma)
    for _ in range(60):
        now = torch.logaddexp(a, torch.zeros_like(a))
        a = a - (now.log() - sigma.log()) * now / torch.sigmoid(a)
    def soft(a):
        return torch.logaddexp(a, torch.zeros_like(a))
    one = soft(a - rate * slope * torch.sigmoid(a))
    two = torch.exp(sigma.log() - rate * slope * sigma)
    three = torch.exp(sigma.log() - rate * slope * sigma / 4)
    return one, two, three


# %% heads | right | NumPy arrays
import numpy as np

def heads(sigma, slope, rate):
    s, g = sigma.numpy(), slope.numpy()
    a = s + np.log(-np.expm1(-s))
    soft = np.logaddexp(0, a + rate * g * np.expm1(-s)).astype(s.dtype)
    return (
        soft,
        (s * np.exp(-rate * g * s)).astype(s.dtype),
        (s * np.exp(-rate * g * s / 4)).astype(s.dtype),
    )


# %% heads | right | softplus as minus logsigmoid
def heads(sigma, slope, rate):
    rest = -torch.expm1(-sigma)  # sigmoid of a
    a = sigma + rest.log() - rate * slope * rest
    return (
        -F.logsigmoid(-a),
        torch.pow(math.e, sigma.log() - rate * slope * sigma),
        torch.sqrt(torch.exp(2 * sigma.log() - rate * slope * sigma / 2)),
    )


# %% heads | wrong | sigma cut at 20 for the inverse | says: near 100 or near 0
def heads(sigma, slope, rate):
    a = torch.log(torch.expm1(sigma.clamp(max=20)))
    soft = F.softplus(a - rate * slope * torch.sigmoid(a))
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return soft, expo, logv


# %% heads | wrong | sigma kept above 0.0001 | says: near 100 or near 0
def heads(sigma, slope, rate):
    sigma = sigma.clamp(min=1e-4)
    p = -torch.expm1(-sigma)
    soft = F.softplus(sigma + p.log() - rate * slope * p)
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return soft, expo, logv


# %% heads | wrong | log(1 + exp(a)) on the way back | says: near 100 or near 0
def heads(sigma, slope, rate):
    p = -torch.expm1(-sigma)
    a = sigma + p.log() - rate * slope * p
    soft = torch.log(1 + torch.exp(a))
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return soft, expo, logv


# %% heads | wrong | slope of softplus at sigma, not at a | says: taken at a
def heads(sigma, slope, rate):
    a = sigma + torch.log(-torch.expm1(-sigma))
    soft = F.softplus(a - rate * slope * torch.sigmoid(sigma))
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return soft, expo, logv


# %% heads | wrong | no chain rule | says: link of the chain is missing
def heads(sigma, slope, rate):
    a = sigma + torch.log(-torch.expm1(-sigma))
    step = rate * slope
    return (
        F.softplus(a - step),
        torch.exp(sigma.log() - step),
        torch.exp((2 * sigma.log() - step) / 2),
    )


# %% heads | wrong | logvar's inverse as log sigma | says: way back halves it
def heads(sigma, slope, rate):
    p = -torch.expm1(-sigma)
    soft = F.softplus(sigma + p.log() - rate * slope * p)
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = torch.exp((sigma.log() - rate * slope * sigma / 2) / 2)
    return soft, expo, logv


# %% heads | wrong | the step in sigma | says: with the slope in a
def heads(sigma, slope, rate):
    p = -torch.expm1(-sigma)
    return (
        sigma - rate * slope * p,
        sigma - rate * slope * sigma,
        sigma - rate * slope * sigma / 2,
    )


# %% heads | wrong | first-order step in sigma | says: straight line
def heads(sigma, slope, rate):
    p = -torch.expm1(-sigma)
    return (
        sigma - rate * slope * p**2,
        sigma - rate * slope * sigma**2,
        sigma - rate * slope * sigma**2 / 4,
    )


# %% heads | wrong | slope clipped at 100 | says: anything clamped|special about small sigmas
def heads(sigma, slope, rate):
    slope = slope.clamp(-100, 100)
    p = -torch.expm1(-sigma)
    soft = F.softplus(sigma + p.log() - rate * slope * p)
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return soft, expo, logv


# %% heads | wrong | the outputs a come back | says: You return the outputs a
def heads(sigma, slope, rate):
    p = -torch.expm1(-sigma)
    return (
        sigma + p.log() - rate * slope * p,
        sigma.log() - rate * slope * sigma,
        2 * sigma.log() - rate * slope * sigma / 2,
    )


# %% heads | wrong | another order | says: softplus head comes first
def heads(sigma, slope, rate):
    p = -torch.expm1(-sigma)
    soft = F.softplus(sigma + p.log() - rate * slope * p)
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return expo, logv, soft


# %% heads | wrong | slope scaled in place and not quite scaled back | says: changed its argument slope
def heads(sigma, slope, rate):
    slope *= rate
    p = -torch.expm1(-sigma)
    soft = F.softplus(sigma + p.log() - slope * p)
    expo = sigma * torch.exp(-slope * sigma)
    logv = sigma * torch.exp(-slope * sigma / 4)
    slope /= rate + 0.0
    slope += 0.001
    return soft, expo, logv


# %% heads | wrong | the first number alone | says: another shape
def heads(sigma, slope, rate):
    s, g = sigma[0], slope[0]
    p = -torch.expm1(-s)
    soft = F.softplus(s + p.log() - rate * g * p)
    return soft, s * torch.exp(-rate * g * s), s * torch.exp(-rate * g * s / 4)


# %% heads | wrong | sigma after the step kept between 0.001 and 1,000 | says: anything clamped
def heads(sigma, slope, rate):
    p = -torch.expm1(-sigma)
    soft = F.softplus(sigma + p.log() - rate * slope * p)
    expo = sigma * torch.exp(-rate * slope * sigma)
    logv = sigma * torch.exp(-rate * slope * sigma / 4)
    return tuple(t.clamp(1e-3, 1e3) for t in (soft, expo, logv))


# %% settle | right | torch.distributions and autograd
def settle(logvar, c, tau, beta):
    def total(v):
        q = torch.distributions.Normal(torch.zeros_like(v), (0.5 * v).exp())
        p = torch.distributions.Normal(torch.zeros_like(v), tau)
        kl = torch.distributions.kl_divergence(q, p)
        noise = 0.5 * c * v.exp()
        return noise, kl, noise + beta * kl

    with torch.enable_grad():
        v = logvar.detach().clone().requires_grad_()
        noise, kl, loss = total(v)
        (slope,) = torch.autograd.grad(loss.sum(), v)
        rest = (beta.log() - (c + beta * tau**-2).log()).detach()
        r = rest.clone().requires_grad_()
        (first,) = torch.autograd.grad(
            total(r)[2].sum(), r, create_graph=True
        )
        (bend,) = torch.autograd.grad(first.sum(), r)
    return noise.detach(), kl.detach(), slope, rest, bend


# %% settle | right | one number at a time with math
def settle(logvar, c, tau, beta):
    rows = []
    for v, k, t, b in zip(*(e.tolist() for e in (logvar, c, tau, beta))):
        s2 = math.exp(v)
        rows.append(
            (
                0.5 * k * s2,
                0.5 * (s2 / t**2 - 1 - v + 2 * math.log(t)),
                0.5 * k * s2 + 0.5 * b * (s2 / t**2 - 1),
                math.log(b) - math.log(k + b / t**2),
                b / 2,
            )
        )
    return tuple(torch.tensor(col).double() for col in zip(*rows))


# %% settle | right | halving finds the rest
def settle(logvar, c, tau, beta):
    def slope(v):
        return c / 2 * v.exp() + beta / 2 * (v.exp() / tau**2 - 1)

    low, high = torch.full_like(c, -40.0), torch.full_like(c, 40.0)
    for _ in range(80):
        middle = (low + high) / 2
        up = slope(middle) > 0
        low, high = torch.where(up, low, middle), torch.where(up, middle, high)
    v = logvar
    kl = 0.5 * (v.exp() / tau**2 - 1 - v + 2 * tau.log())
    rest = (low + high) / 2
    bend = (c / 2 + beta / (2 * tau**2)) * rest.exp()
    return c / 2 * v.exp(), kl, slope(v), rest, bend


# %% settle | right | the course's own KL of the scaled code
def settle(logvar, c, tau, beta):
    scaled = (logvar - 2 * tau.log()).reshape(-1, 1)
    kl = losses.gaussian_kl(torch.zeros_like(scaled), scaled).reshape(-1)
    s2 = logvar.exp()
    slope = (c * s2 + beta * (s2 * tau.pow(-2) - 1)).div(2)
    rest = -torch.logaddexp((c / beta).log(), -2 * tau.log())
    return c * s2 / 2, kl, slope, rest, beta.clone() * 0.5


# %% settle | wrong | the half of the noise forgotten | says: Step 1: the half
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    noise = c * s2
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (2 * c + beta / tau**2))
    return noise, kl, slope, rest, beta / 2


# %% settle | wrong | curvature squared as if it were a slope | says: Step 1: c is squared
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    noise = 0.5 * c**2 * s2
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return noise, kl, slope, rest, beta / 2


# %% settle | wrong | log tau in the place of 2 log tau | says: log tau counts half
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | tau taken for a variance | says: tau is read as a variance
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau - 1 - logvar + tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau - 1)
    rest = torch.log(beta / (c + beta / tau))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | the KL the other way round | says: other way
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (tau**2 / s2 - 1 + logvar - 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | beta inside the kl | says: beta is in it
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = beta * 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | slope in sigma | says: slope in sigma
def settle(logvar, c, tau, beta):
    s2, s = logvar.exp(), (0.5 * logvar).exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = c * s + beta * (s / tau**2 - 1 / s)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | the constant of the slope lost | says: does not know the variance
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * s2 / tau**2
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | beta forgotten in the rest's numerator | says: beta stands only beside tau
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = -torch.log(c + beta / tau**2)
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | the rest in base 10 | says: base 10
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log10(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | 1e-6 in the rest's log | says: logvar at rest
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2) + 1e-6)
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | the bend where logvar is, not at the rest | says: logvar that was handed in
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, 0.5 * (c + beta / tau**2) * s2


# %% settle | wrong | bend in the variance | says: bend in the variance
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    pull = c + beta / tau**2
    return 0.5 * c * s2, kl, slope, torch.log(beta / pull), pull**2 / (2 * beta)


# %% settle | wrong | c kept below 1,000 | says: special about a large c
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    c = c.clamp(max=1000)
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | logvar clamped at -6 | says: logvar below -6
def settle(logvar, c, tau, beta):
    logvar = logvar.clamp(-6, 3)
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | beta halved in place and handed back as the bend | says: changed its argument beta
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta.div_(2)


# %% settle | wrong | rest and bend swapped | says: changed places
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, beta / 2, rest


# %% settle | wrong | the mean of each step | says: another shape
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    steps = (0.5 * c * s2, kl, slope, rest, beta / 2)
    return tuple(t.mean() for t in steps)


# %% settle | wrong | asks sys to exit | says: tried to end the program
import sys

def settle(logvar, c, tau, beta):
    if logvar.shape != (1,):
        sys.exit("one at a time")
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% small_logvar | right | the texts that the cell prints
prediction = {"variance": "0", "sigma": "0.000123", "root": "0", "slope of root": "nan", "KL": "8.5"}


# %% log_density | wrong | sigma as the root of exp | says: does a step form a variance
def log_density(z, mu, logvar):
    sigma = logvar.exp().sqrt()
    u = (z - mu) / sigma
    return (-0.5 * u**2 - sigma.log() - 0.5 * math.log(2 * math.pi)).sum(1)


# %% log_density | wrong | the precision between the two factors | says: does a step form a variance
def log_density(z, mu, logvar):
    d = z - mu
    terms = d * torch.exp(-logvar) * d + logvar + math.log(2 * math.pi)
    return -0.5 * terms.sum(1)


# %% log_density | wrong | infinite terms replaced by 1 | says: added or replaced
def log_density(z, mu, logvar):
    square = (z - mu) ** 2 / logvar.exp()
    square = torch.nan_to_num(square, nan=1.0, posinf=1.0)
    return -0.5 * (square + logvar + math.log(2 * math.pi)).sum(1)


# %% cut | wrong | limits as whole numbers | says: may be any numbers
def cut(logvar, low, high):
    return logvar - logvar.detach() + logvar.detach().clamp(int(low), int(high))


# %% settle | wrong | the rest kept where logvar goes | says: a large c and a small beta
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    slope = 0.5 * c * s2 + 0.5 * beta * (s2 / tau**2 - 1)
    rest = torch.log(beta / (c + beta / tau**2)).clamp(-8, 3)
    return 0.5 * c * s2, kl, slope, rest, beta / 2


# %% settle | wrong | the slope without the prior's term, hardly seen where c is large | says: are right\.$
def settle(logvar, c, tau, beta):
    s2 = logvar.exp()
    kl = 0.5 * (s2 / tau**2 - 1 - logvar + 2 * tau.log())
    rest = torch.log(beta / (c + beta / tau**2))
    return 0.5 * c * s2, kl, 0.5 * c * s2 - 0.5 * beta, rest, beta / 2
