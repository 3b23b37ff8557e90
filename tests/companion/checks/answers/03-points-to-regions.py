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


# %% variety | wrong | the number of pixels written in | says: off by one factor
def variety(x):
    return torch.pdist(x).mean() * (784 / x.shape[1]) ** 0.5


# %% variety | wrong | twenty pairs written in | says: off by one factor|values are not
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


# %% by_angle | wrong | a normalised in place | says: changed its argument a and b
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


# %% mean_distances | wrong | three seeds written in | says: one seed|three seeds|right for|factor|first that is not right
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
