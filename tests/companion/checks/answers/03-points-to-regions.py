# ruff: noqa
# Answers to the exercises of chapter 3 as learners write them. Each runs in the names that the page gives.

# %% stretched_codes | right | NumPy numbers and a fraction
import numpy as np
from fractions import Fraction

prediction = {
    "loss": np.int64(1),
    "spread": np.float32(10),
    "step of 0.1": Fraction(1, 10),
    "step of 0.1 spreads": torch.tensor(1.0),
}

# %% stretched_codes | right | the factors that a run prints
prediction = {"loss": 1.0, "spread": 10.0, "step of 0.1": 0.1003, "step of 0.1 spreads": 1.0}

# %% stretched_codes | wrong | the loss grows with the codes | says: loss grow with the codes
prediction = {"loss": 10, "spread": 10, "step of 0.1": 0.1, "step of 0.1 spreads": 1}

# %% stretched_codes | wrong | variance for spread | says: happens to the variance
prediction = {"loss": 1, "spread": 100, "step of 0.1": 0.1, "step of 0.1 spreads": 1}

# %% stretched_codes | wrong | nothing changes | says: kept the spread
prediction = {"loss": 1, "spread": 1, "step of 0.1": 1, "step of 0.1 spreads": 1}

# %% stretched_codes | wrong | all by ten | says: loss grow with the codes
prediction = {"loss": 10, "spread": 10, "step of 0.1": 10, "step of 0.1 spreads": 10}

# %% stretched_codes | wrong | a plain step reaches farther | says: long step or a short one
prediction = {"loss": 1, "spread": 10, "step of 0.1": 10, "step of 0.1 spreads": 1}

# %% stretched_codes | wrong | words for factors | says: should be a number
prediction = {"loss": "same", "spread": "x10", "step of 0.1": "/10", "step of 0.1 spreads": "same"}

# %% stretched_codes | wrong | a key is missing | says: a dict with the keys
prediction = {"loss": 1, "spread": 10}


# %% stretched_codes | wrong | per cent | says: You wrote per cent
prediction = {"loss": 100, "spread": 1000, "step of 0.1": 10, "step of 0.1 spreads": 100}


# %% stretched_codes | wrong | 0 for a number that stays | says: becomes 0
prediction = {"loss": 0, "spread": 10, "step of 0.1": 0.1, "step of 0.1 spreads": 0}


# %% variety | right | the package
def variety(x):
    return torch.pdist(x).mean()


# %% variety | right | loops over pairs
def variety(x):
    total, pairs = 0, 0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += ((x[i] - x[j]) ** 2).sum().sqrt()
            pairs += 1
    return total / pairs


# %% variety | right | combinations, a Python float
from itertools import combinations


def variety(x):
    distances = [float(torch.dist(a, b)) for a, b in combinations(x, 2)]
    return sum(distances) / len(distances)


# %% variety | right | NumPy inside
import numpy as np


def variety(x):
    x = x.detach().numpy()
    d = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    return d[np.triu_indices(len(x), 1)].mean()


# %% variety | right | the mean of each image's mean, with the diagonal taken out by a mask
def variety(x):
    n = len(x)
    d = torch.cdist(x, x)
    off = ~torch.eye(n, dtype=torch.bool)
    return d[off].reshape(n, n - 1).mean(dim=1).mean()


# %% variety | right | float32 inside
def variety(x):
    x = x.float()
    return (torch.cdist(x, x).sum() / (len(x) * (len(x) - 1))).item()


# %% variety | right | every shift
def variety(x):
    n = len(x)
    return sum((x - x.roll(k, 0)).norm(dim=1).mean() for k in range(1, n)) / (n - 1)


# %% variety | right | nan on the diagonal
def variety(x):
    d = torch.stack([(x - row).norm(dim=1) for row in x])
    d.fill_diagonal_(float("nan"))
    return d.nanmean()


# %% variety | wrong | an image paired with itself | says: itself is among them
def variety(x):
    return torch.cdist(x, x).mean()


# %% variety | wrong | numpy's mean over the upper half with zeros | says: one half is 0
def variety(x):
    return torch.cdist(x, x).triu(1).mean()


# %% variety | wrong | every distance of 0 left out | says: left out every distance of 0
def variety(x):
    d = torch.cdist(x, x)
    return d[d > 0].mean()


# %% variety | wrong | x is centred in place | says: changed its argument
def variety(x):
    x -= x.mean(dim=0)
    return torch.pdist(x).mean()


# %% variety | wrong | half | says: half of what it should be
def variety(x):
    n = len(x)
    return sum((x[i] - x[j]).norm() for i in range(n) for j in range(i)) / (n * (n - 1))


# %% variety | wrong | squared distances | says: averaged squared distances\.
def variety(x):
    return (torch.pdist(x) ** 2).mean()


# %% variety | wrong | the root last | says: took the root afterwards
def variety(x):
    return (torch.pdist(x) ** 2).mean().sqrt()


# %% variety | wrong | a mean over the pixels | says: sums over the pixels
def variety(x):
    d = ((x[:, None] - x[None]) ** 2).mean(dim=-1).sqrt()
    return d.sum() / (len(x) * (len(x) - 1))


# %% variety | wrong | the number of pixels written in | says: not the right one
def variety(x):
    return torch.pdist(x).mean() * (784 / x.shape[1]) ** 0.5


# %% variety | wrong | twenty pairs written in | says: not the right one
def variety(x):
    return torch.cdist(x, x).sum() / 20


# %% variety | wrong | divided by the number of images | says: How many pairs
def variety(x):
    return torch.pdist(x).sum() / len(x)


# %% variety | wrong | prints | says: prints and returns nothing
def variety(x):
    print(torch.pdist(x).mean())


# %% variety | wrong | ends the program | says: end the program
def variety(x):
    raise SystemExit


# %% variety | wrong | nan for copies of one image | says: not finite
def variety(x):
    d = torch.pdist(x)
    return d.mean() / (d.max() > 0).double() * 1.0


# %% variety | wrong | each with the next, in a ring | says: round in a ring
def variety(x):
    return (x - x.roll(1, dims=0)).norm(dim=1).mean()


# %% variety | wrong | first hundred only | says: more than a hundred images
def variety(x):
    return torch.pdist(x[:100]).mean()


# %% variety | wrong | randomly chosen pairs | says: does it draw
def variety(x):
    i = torch.randint(len(x), (5000,))
    j = torch.randint(len(x), (5000,))
    keep = i != j
    return (x[i[keep]] - x[j[keep]]).norm(dim=1).mean()


# %% variety | wrong | the return one level | says: one image only
def variety(x):
    d = []
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            d.append((x[i] - x[j]).norm())
        return sum(d) / len(d)


# %% by_angle | right | Gram and Schmidt
def by_angle(a, b, t):
    la, lb = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    u, v = a / la, b / lb
    cos = (u * v).sum(1, keepdim=True).clamp(-1, 1)
    w = v - cos * u
    sin = w.norm(dim=1, keepdim=True)
    w = w / sin.clamp(min=1e-12)
    angle = torch.atan2(sin, cos) * t
    walk = angle.cos()[..., None] * u[:, None] + angle.sin()[..., None] * w[:, None]
    return walk * ((1 - t) * la + t * lb)[..., None]


# %% by_angle | right | loops, pair by pair
def by_angle(a, b, t):
    rows = []
    for p, q in zip(a, b):
        omega = torch.acos((p @ q / (p.norm() * q.norm())).clamp(-1, 1))
        row = []
        for s in t:
            if omega < 1e-5:
                row.append((1 - s) * p + s * q)
            else:
                d = (torch.sin((1 - s) * omega) * p / p.norm() + torch.sin(s * omega) * q / q.norm()) / torch.sin(omega)
                row.append(((1 - s) * p.norm() + s * q.norm()) * d)
        rows.append(torch.stack(row))
    return torch.stack(rows)


# %% by_angle | right | torch.lerp, nan_to_num for an angle of 0
def by_angle(a, b, t):
    length = torch.lerp(a.norm(dim=1)[:, None], b.norm(dim=1)[:, None], t)
    u, v = torch.nn.functional.normalize(a, dim=1), torch.nn.functional.normalize(b, dim=1)
    omega = torch.acos(torch.einsum("nd,nd->n", u, v).clamp(-1, 1))[:, None]
    first, second = torch.sin((1 - t) * omega) / torch.sin(omega), torch.sin(t * omega) / torch.sin(omega)
    same = omega < 1e-6
    first, second = torch.where(same, 1 - t, first), torch.where(same, t.expand_as(second), second)
    return length[..., None] * (first[..., None] * u[:, None] + second[..., None] * v[:, None])


# %% by_angle | right | sinc
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    t = t[None, :, None]
    w = 2 * torch.atan2((u - v).norm(dim=-1, keepdim=True), (u + v).norm(dim=-1, keepdim=True))
    part = lambda s: s * torch.sinc(s * w / torch.pi) / torch.sinc(w / torch.pi)
    return (part(1 - t) * u + part(t) * v) * ((1 - t) * la + t * lb)


# %% by_angle | right | rotation matrix
def by_angle(a, b, t):
    la, lb = a.norm(dim=1), b.norm(dim=1)
    u, v = a / la[:, None], b / lb[:, None]
    c = (u * v).sum(1, keepdim=True)
    e = v - c * u
    s = e.norm(dim=1, keepdim=True)
    e = torch.where(s > 1e-12, e / s.clamp(min=1e-12), torch.zeros_like(e))
    w = torch.atan2(s, c)[:, :, None]
    skew = (e[:, :, None] * u[:, None, :] - u[:, :, None] * e[:, None, :]) * w
    turn = torch.matrix_exp(skew[:, None] * t[None, :, None, None])
    length = (1 - t) * la[:, None] + t * lb[:, None]
    return length[..., None] * torch.einsum("nkij,nj->nki", turn, u)


# %% by_angle | right | the forum's
def _slerp(u, v, s):
    dot = torch.dot(u, v)
    if dot > 0.9999995:
        d = u + s * (v - u)
        return d / d.norm()
    theta = torch.acos(dot)
    return (torch.sin((1 - s) * theta) * u + torch.sin(s * theta) * v) / torch.sin(theta)

def by_angle(a, b, t):
    return torch.stack([
        torch.stack([_slerp(p / p.norm(), q / q.norm(), s) * torch.lerp(p.norm(), q.norm(), s) for s in t])
        for p, q in zip(a, b)
    ])


# %% by_angle | wrong | the straight line | says: This is the straight line
def by_angle(a, b, t):
    return torch.lerp(a[:, None], b[:, None], t[None, :, None])


# %% by_angle | wrong | nothing for an angle of 0 | says: not a number where
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    s = t[None, :, None]
    omega = torch.acos((u * v).sum(-1, keepdim=True))
    return ((1 - s) * la + s * lb) * (torch.sin((1 - s) * omega) * u + torch.sin(s * omega) * v) / torch.sin(omega)


# %% by_angle | wrong | codes weighted as they are | says: weighted the two codes as they are
def by_angle(a, b, t):
    omega = torch.acos(torch.cosine_similarity(a, b).clamp(-1 + 1e-12, 1 - 1e-12))[:, None, None]
    s = t[None, :, None]
    return (torch.sin((1 - s) * omega) * a[:, None] + torch.sin(s * omega) * b[:, None]) / torch.sin(omega)


# %% by_angle | wrong | the shorter way, as for quaternions | says: opposite of b
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    dot = (u * v).sum(-1, keepdim=True)
    v, dot = torch.where(dot < 0, -v, v), dot.abs().clamp(max=1)
    s, omega = t[None, :, None], torch.acos(dot)
    walk = (torch.sin((1 - s) * omega) * u + torch.sin(s * omega) * v) / torch.sin(omega)
    return ((1 - s) * la + s * lb) * torch.where(omega < 1e-6, u, walk)


# %% by_angle | wrong | a normalised in place | says: changed its arguments a and b
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    a /= a.norm(dim=1, keepdim=True)
    b /= b.norm(dim=1, keepdim=True)
    s = t[None, :, None]
    omega = (a * b).sum(1).clamp(-1, 1).acos()[:, None, None]
    walk = (torch.sin((1 - s) * omega) * a[:, None] + torch.sin(s * omega) * b[:, None]) / torch.sin(omega)
    return ((1 - s) * la + s * lb) * torch.where(omega < 1e-6, a[:, None], walk)


# %% by_angle | wrong | float64 for float32 | says: the dtype is not
def by_angle(a, b, t):
    a, b, t = a.double(), b.double(), t.double()
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v, s = a[:, None] / la, b[:, None] / lb, t[None, :, None]
    omega = (u * v).sum(-1, keepdim=True).clamp(-1, 1).acos()
    walk = (torch.sin((1 - s) * omega) * u + torch.sin(s * omega) * v) / torch.sin(omega)
    return ((1 - s) * la + s * lb) * torch.where(omega < 1e-6, u, walk)


# %% by_angle | wrong | only the first share | says: not of the lengths
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v, s = a[:, None] / la, b[:, None] / lb, t[None, :1, None]
    omega = (u * v).sum(-1, keepdim=True).clamp(-1, 1).acos()
    walk = (torch.sin((1 - s) * omega) * u + torch.sin(s * omega) * v) / torch.sin(omega)
    return ((1 - s) * la + s * lb) * torch.where(omega < 1e-6, u, walk)


# %% by_angle | wrong | one angle for the batch | says: one angle for the whole batch
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v, s = a[:, None] / la, b[:, None] / lb, t[None, :, None]
    omega = ((a * b).sum() / (a.norm() * b.norm())).clamp(-1, 1 - 1e-9).acos()
    return ((1 - s) * la + s * lb) * (torch.sin((1 - s) * omega) * u + torch.sin(s * omega) * v) / torch.sin(omega)


# %% by_angle | wrong | directions mixed | says: parts of the chord
def by_angle(a, b, t):
    la = a.norm(dim=1, keepdim=True)
    lb = b.norm(dim=1, keepdim=True)
    u, v = a / la, b / lb
    t = t.reshape(1, -1, 1)
    d = (1 - t) * u[:, None] + t * v[:, None]
    d = d / d.norm(dim=-1, keepdim=True)
    return d * ((1 - t) * la[:, None] + t * lb[:, None])


# %% by_angle | wrong | one parallel pair | says: straight for all of them
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    t = t[None, :, None]
    dot = (u * v).sum(-1, keepdim=True).clamp(-1, 1)
    if (dot > 1 - 1e-9).any():
        return (1 - t) * a[:, None] + t * b[:, None]
    w = torch.acos(dot)
    d = (torch.sin((1 - t) * w) * u + torch.sin(t * w) * v) / torch.sin(w)
    return d * ((1 - t) * la + t * lb)


# %% by_angle | wrong | straight as soon | says: angle is small
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    t = t[None, :, None]
    dot = (u * v).sum(-1, keepdim=True).clamp(-1, 1)
    w = torch.acos(dot)
    d = (torch.sin((1 - t) * w) * u + torch.sin(t * w) * v) / torch.sin(w)
    line = (1 - t) * a[:, None] + t * b[:, None]
    return torch.where(dot > 0.95, line, d * ((1 - t) * la + t * lb))


# %% by_angle | wrong | the dot product of | says: product of the codes as they are
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    t = t[None, :, None]
    w = torch.acos((a * b).sum(1).clamp(-1 + 1e-6, 1 - 1e-6))[:, None, None]
    d = (torch.sin((1 - t) * w) * a[:, None] / la + torch.sin(t * w) * b[:, None] / lb) / torch.sin(w)
    return d * ((1 - t) * la + t * lb)


# %% by_angle | wrong | obtuse angles | says: by a right one
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    t = t[None, :, None]
    w = torch.acos((u * v).sum(-1, keepdim=True).clamp(0, 1 - 1e-9))
    d = (torch.sin((1 - t) * w) * u + torch.sin(t * w) * v) / torch.sin(w)
    return d * ((1 - t) * la + t * lb)


# %% by_angle | wrong | sorts the shares | says: values are not
def by_angle(a, b, t):
    t = t.sort().values[None, :, None]
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    w = torch.acos((u * v).sum(-1, keepdim=True).clamp(-1, 1)).clamp(min=1e-5)
    d = (torch.sin((1 - t) * w) * u + torch.sin(t * w) * v) / torch.sin(w)
    return d * ((1 - t) * la + t * lb)


# %% by_angle | wrong | direction from a to b | says: length from that of b
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    t = t[None, :, None]
    w = torch.acos((u * v).sum(-1, keepdim=True).clamp(-1, 1)).clamp(min=1e-5)
    d = (torch.sin((1 - t) * w) * u + torch.sin(t * w) * v) / torch.sin(w)
    return d * (t * la + (1 - t) * lb)


# %% by_angle | wrong | cosine and sine | says: a cosine and a sine
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    t = t[None, :, None]
    w = torch.acos((u * v).sum(-1, keepdim=True).clamp(-1, 1))
    d = torch.cos(t * w) * u + torch.sin(t * w) * v
    return d * ((1 - t) * la + t * lb)


# %% mean_distances | right | the package
def mean_distances(ae, vae, test, train):
    return tuple(evaluation.nearest_distance(x, train).mean for x in (ae.flatten(0, 1), vae.flatten(0, 1), test))


# %% mean_distances | right | a list of Python numbers
def mean_distances(ae, vae, test, train):
    return [torch.cdist(x, train).amin(dim=-1).mean().item() for x in (ae, vae, test)]


# %% mean_distances | right | differences in place of cdist, NumPy
import numpy as np


def mean_distances(ae, vae, test, train):
    def nearest(x):
        x, real = x.reshape(-1, x.shape[-1]).numpy(), train.numpy()
        return np.sqrt(((x[:, None] - real) ** 2).sum(-1)).min(1).mean()

    return nearest(ae), nearest(vae), nearest(test)


# %% mean_distances | right | in chunks
def mean_distances(ae, vae, test, train):
    def near(x):
        parts = [torch.cdist(x, part).amin(dim=-1) for part in train.split(7)]
        return torch.stack(parts).amin(dim=0).mean()
    return near(ae), near(vae), near(test)


# %% mean_distances | right | AE and VAE stacked
def mean_distances(ae, vae, test, train):
    both = torch.stack([ae, vae])
    d = torch.cdist(both, train).amin(dim=-1).mean(dim=(1, 2))
    return d[0], d[1], torch.cdist(test, train).amin(dim=1).mean()


# %% mean_distances | right | named tuple
from collections import namedtuple
import numpy as np
Means = namedtuple("Means", "ae vae real")
def mean_distances(ae, vae, test, train):
    near = lambda x: np.mean([torch.cdist(q[None], train).amin().item() for q in x.reshape(-1, train.shape[1])])
    return Means(near(ae), near(vae), near(test))


# %% mean_distances | wrong | the few images stay | says: One slip is left.*compared with
def mean_distances(ae, vae, test, train):
    some = train[::10]
    of_ae = [torch.cdist(x, some).amin(dim=1).mean() for x in ae]
    of_vae = [torch.cdist(x, train).amin(dim=1).mean() for x in vae]
    of_test = torch.cdist(test, train).amin(dim=1).mean()
    return sum(of_ae) / len(of_ae), sum(of_vae) / len(of_vae), of_test


# %% mean_distances | wrong | the best seed and the yardstick stay | says: Two slips are left
def mean_distances(ae, vae, test, train):
    of_ae = [torch.cdist(x, train).amin(dim=1).mean() for x in ae]
    of_vae = [torch.cdist(x, train).amin(dim=1).mean() for x in vae]
    real = torch.cat([train, test])
    of_test = torch.cdist(test, real).amin(dim=1).mean()
    return sum(of_ae) / len(of_ae), min(of_vae), of_test


# %% mean_distances | wrong | the best seed of both | says: judged by their best seed
def mean_distances(ae, vae, test, train):
    of_ae = [torch.cdist(x, train).amin(dim=1).mean() for x in ae]
    of_vae = [torch.cdist(x, train).amin(dim=1).mean() for x in vae]
    return min(of_ae), min(of_vae), torch.cdist(test, train).amin(dim=1).mean()


# %% mean_distances | wrong | few images for all | says: That is fair
def mean_distances(ae, vae, test, train):
    some = train[::10]
    of_ae = [torch.cdist(x, some).amin(dim=1).mean() for x in ae]
    of_vae = [torch.cdist(x, some).amin(dim=1).mean() for x in vae]
    of_test = torch.cdist(test, some).amin(dim=1).mean()
    return sum(of_ae) / len(of_ae), sum(of_vae) / len(of_vae), of_test


# %% mean_distances | wrong | all pairs | says: How far is the nearest
def mean_distances(ae, vae, test, train):
    return tuple(torch.cdist(x, train).mean() for x in (ae, vae, test))


# %% mean_distances | wrong | three seeds written in | says: divided by three
def mean_distances(ae, vae, test, train):
    of_ae = [torch.cdist(x, train).amin(dim=1).mean() for x in ae]
    of_vae = [torch.cdist(x, train).amin(dim=1).mean() for x in vae]
    return sum(of_ae) / 3, sum(of_vae) / 3, torch.cdist(test, train).amin(dim=1).mean()


# %% mean_distances | wrong | one number a seed | says: one number for each seed
def mean_distances(ae, vae, test, train):
    return (
        torch.cdist(ae, train).amin(dim=-1).mean(dim=1),
        torch.cdist(vae, train).amin(dim=-1).mean(dim=1),
        torch.cdist(test, train).amin(dim=1).mean(),
    )


# %% mean_distances | wrong | the training images are rounded in place | says: changed its argument train
def mean_distances(ae, vae, test, train):
    found = tuple(torch.cdist(x, train).amin(dim=-1).mean() for x in (ae, vae, test))
    train.round_()
    return found


# %% mean_distances | wrong | zeros thrown out | says: distance of 0, and it counts
def mean_distances(ae, vae, test, train):
    def near(x):
        d = torch.cdist(x, train, compute_mode="donot_use_mm_for_euclid_dist")
        return torch.where(d == 0, torch.inf, d).amin(dim=1).mean()
    of_ae = [near(x) for x in ae]
    of_vae = [near(x) for x in vae]
    return sum(of_ae) / len(of_ae), sum(of_vae) / len(of_vae), near(test)


# %% mean_distances | wrong | VAE returned first | says: changed places
def mean_distances(ae, vae, test, train):
    near = lambda x: torch.cdist(x, train).amin(dim=-1).mean()
    return near(vae), near(ae), near(test)


# %% mean_distances | wrong | first seed of each | says: first seed only
def mean_distances(ae, vae, test, train):
    near = lambda x: torch.cdist(x, train).amin(dim=1).mean()
    return near(ae[0]), near(vae[0]), near(test)


# %% mean_distances | wrong | nearest picture of each | says: from each training image
def mean_distances(ae, vae, test, train):
    near = lambda x: torch.cdist(x, train).amin(dim=-2).mean()
    return near(ae), near(vae), near(test)


# %% mean_distances | wrong | in pieces of a hundred, and the rest dropped | says: more than a hundred training images
def mean_distances(ae, vae, test, train):
    def near(x):
        pieces = [train[i : i + 100] for i in range(0, max(len(train) - 99, 1), 100)]
        return torch.stack([torch.cdist(x, each).amin(dim=-1) for each in pieces]).amin(dim=0).mean()
    return near(ae), near(vae), near(test)


# %% stretched_codes | wrong | divided by ten as a number below 0 | says: below 0
prediction = {"loss": 1, "spread": 10, "step of 0.1": -10, "step of 0.1 spreads": 1}


# %% variety | wrong | the upper half with its diagonal | says: once with itself
def variety(x):
    i, j = torch.triu_indices(len(x), len(x))
    return (x[i] - x[j]).norm(dim=1).mean()


# %% by_angle | wrong | straight on also where the ways are nearly opposite | says: nearly opposite
def by_angle(a, b, t):
    la, lb = a.norm(dim=1)[:, None, None], b.norm(dim=1)[:, None, None]
    u, v = a[:, None] / la, b[:, None] / lb
    t = t[None, :, None]
    dot = (u * v).sum(-1, keepdim=True).clamp(-1, 1)
    w = torch.acos(dot)
    d = (torch.sin((1 - t) * w) * u + torch.sin(t * w) * v) / torch.sin(w)
    line = (1 - t) * a[:, None] + t * b[:, None]
    return torch.where((dot < -0.98) | (dot > 1 - 1e-9), line, d * ((1 - t) * la + t * lb))


# %% by_angle | wrong | polar angles of the first two numbers | says: more than two numbers
def by_angle(a, b, t):
    p = torch.atan2(a[:, 1], a[:, 0])[:, None]
    turn = (torch.atan2(b[:, 1], b[:, 0])[:, None] - p + torch.pi) % (2 * torch.pi) - torch.pi
    angle = p + t * turn
    r = (1 - t) * a.norm(dim=1, keepdim=True) + t * b.norm(dim=1, keepdim=True)
    rest = (1 - t)[:, None] * a[:, None, 2:] + t[:, None] * b[:, None, 2:]
    return torch.cat([torch.stack([r * angle.cos(), r * angle.sin()], dim=2), rest], dim=2)
