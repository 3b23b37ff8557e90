"""Verdicts for the exercises: ``check_…(answer)`` says at once whether an answer is right, and names the slip where it knows it.

The checks of a page or two stand in a module by their subject: `autoencoding`, `building` and `damage` (copying, modules, denoising),
`regions`, `gaussians` and `heads` (codes, Gaussians, encoders), `sampling`, `draws`, `formats` (draws and widths), `objective`, `training`,
`tradeoff` (the loss and beta). What they are made of is in `verdict`, `cases`, `calling`, `values`, `comparing` and `randomness`. The
checks hold no exercise: they judge functions.
"""

from companion.checks.autoencoding import (
    check_blind_logits,
    check_excess,
    check_exchanged_decoder,
    check_one_more_bit,
    check_overlap,
)
from companion.checks.building import (
    check_tied_autoencoder,
    check_train_in_parts,
)
from companion.checks.damage import (
    check_cover,
    check_denoising_loss,
)
from companion.checks.draws import check_draws
from companion.checks.formats import (
    check_cut,
    check_heads,
    check_log_density,
    check_settle,
    check_small_logvar,
)
from companion.checks.gaussians import (
    check_mixture_moments,
    check_share_in_space,
    check_tilt_cost,
)
from companion.checks.heads import (
    check_gaussian_encoder,
)
from companion.checks.objective import (
    check_bound,
    check_bound_steps,
    check_gaussian_kl,
    check_negative_elbo,
    check_region_widths,
)
from companion.checks.regions import (
    check_by_angle,
    check_mean_distances,
    check_stretched_codes,
    check_variety,
)
from companion.checks.sampling import check_constant_added, check_mean_cost, check_score_gradient, check_two_losses
from companion.checks.tradeoff import (
    check_copied_numbers,
    check_hidden_beta,
    check_information_gap,
    check_price_range,
    check_warm_up,
    check_warm_up_log,
)
from companion.checks.training import check_training_step
from companion.checks.verdict import Verdict

__all__ = [
    "Verdict",
    "check_blind_logits",
    "check_bound",
    "check_bound_steps",
    "check_by_angle",
    "check_constant_added",
    "check_copied_numbers",
    "check_cover",
    "check_cut",
    "check_denoising_loss",
    "check_draws",
    "check_excess",
    "check_exchanged_decoder",
    "check_gaussian_encoder",
    "check_gaussian_kl",
    "check_heads",
    "check_hidden_beta",
    "check_information_gap",
    "check_log_density",
    "check_mean_cost",
    "check_mean_distances",
    "check_mixture_moments",
    "check_negative_elbo",
    "check_one_more_bit",
    "check_overlap",
    "check_price_range",
    "check_region_widths",
    "check_score_gradient",
    "check_settle",
    "check_share_in_space",
    "check_small_logvar",
    "check_stretched_codes",
    "check_tied_autoencoder",
    "check_tilt_cost",
    "check_train_in_parts",
    "check_training_step",
    "check_two_losses",
    "check_variety",
    "check_warm_up",
    "check_warm_up_log",
]
