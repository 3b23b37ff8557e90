"""Explorables: pictures that answer the reader's finger, in Jupyter and on the static page. One `.py` and one `.js` each.

What a reader's finger triggers (a decoder, a density, a KL) is computed in JavaScript, so that no kernel is needed. Models come in as
plain arrays; nothing here trains.
"""

from companion.widgets.beta_slider import BetaSlider, Stage
from companion.widgets.bottleneck_dial import BottleneckDial
from companion.widgets.bound import Bound
from companion.widgets.draw_a_digit import DrawADigit
from companion.widgets.latent_map import LatentMap
from companion.widgets.latent_pads import LatentPads, Pad
from companion.widgets.log_variance_dial import LogVarianceDial
from companion.widgets.one_eps import OneEps
from companion.widgets.region import Regions
from companion.widgets.two_gaussians import TwoGaussians
from companion.widgets.weights import Weights

__all__ = [
    "BetaSlider",
    "BottleneckDial",
    "Bound",
    "DrawADigit",
    "LatentMap",
    "LatentPads",
    "LogVarianceDial",
    "OneEps",
    "Pad",
    "Regions",
    "Stage",
    "TwoGaussians",
    "Weights",
]
