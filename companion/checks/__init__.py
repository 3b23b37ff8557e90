"""Verdicts for the exercises: ``check_…(answer)`` says at once whether an answer is right, and names the slip where it knows it.

One module a subject: `autoencoding` (copying, bottleneck), `gaussians` (regions, parameters), `draws` and `sampling`
(reparameterization), `formats` (log-variance), `objective` (the loss, beta). What they are made of is in `verdict`. The checks hold no
exercise: they judge functions.
"""

from companion.checks.autoencoding import (
    check_blind_logits,
    check_excess,
    check_exchanged_decoder,
    check_one_more_bit,
    check_overlap,
    check_pca_copy,
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
    check_draw_like,
    check_mixture_moments,
    check_share_in_space,
    check_share_inside,
    check_stretched_codes,
    check_variety,
)
from companion.checks.objective import (
    check_bound,
    check_copied_numbers,
    check_gaussian_kl,
    check_hidden_beta,
    check_price_range,
    check_region_widths,
)
from companion.checks.sampling import check_constant_added, check_mean_cost, check_score_gradient, check_two_losses
from companion.checks.verdict import Verdict

__all__ = [
    "Verdict",
    "check_blind_logits",
    "check_bound",
    "check_constant_added",
    "check_copied_numbers",
    "check_cut",
    "check_draw_like",
    "check_draws",
    "check_excess",
    "check_exchanged_decoder",
    "check_gaussian_kl",
    "check_heads",
    "check_hidden_beta",
    "check_log_density",
    "check_mean_cost",
    "check_mixture_moments",
    "check_one_more_bit",
    "check_overlap",
    "check_pca_copy",
    "check_price_range",
    "check_region_widths",
    "check_score_gradient",
    "check_settle",
    "check_share_in_space",
    "check_share_inside",
    "check_small_logvar",
    "check_stretched_codes",
    "check_two_losses",
    "check_variety",
]
