"""Tolerances by what they mean, so that no test carries a literal of its own."""

ROUNDING = 1e-12  # relative; a few operations in double precision
SAME_STEPS = 1e-9  # of a curve's largest value: rounding differs, and step control carries it along
ORDER = 0.2  # slope of log error against log step may differ from the method's order by this
ASKED_MEDIAN = 2.0  # median error in units of the tolerance asked for
ASKED_WORST = 30.0  # worst error in the same units
SAMPLING = 4.5  # standard errors an estimate from n draws may miss by; 1 check in 150,000 fails
FALL = 30.0  # a hundredfold tighter tolerance lowers the error at least this many times
NATURAL_HISTORY = 0.006  # share without progression: antigen feedback slows growth a little
LAST_PLACE = 1.0  # units in the last place of an elementary function
DIFFERENCES = 1e-7  # fourth-order differences of a function known to rounding, relative to its value
SENSITIVITY = 1e-4  # error of a sensitivity relative to its largest value over time
INSENSITIVE = 1e-6  # a relative change per relative change of a parameter below this counts as none
OPTIMUM = 1e-10  # two searches for one maximum of a likelihood
DIGITS = {2: 1e-2, 3: 1e-3}  # last printed place of a number with so many decimals
TOP = 2e-2  # distance of the end of a local search from the top, in deviations of the prior
QUADRATIC = 1e-8  # a surface that may be exact: rounding carried through a regression
EMULATED = 1e-2  # of log-posterior or summary, where an emulator has draws enough
SLOPE = 1e-3  # of a gradient of a log-posterior against differences, relative to its length
TOLERANCE_EFFECT = 0.05  # log-likelihood that the solver's tolerance may change
PROFILE = 2e-2  # of log-likelihood, or of an end of an interval in units of the parameter
WEIGHTED = 1e-3  # relative, of a weight: the dual problem is solved to 1e-5 of a deviation
EMULATED_LIKELIHOOD = 0.2  # of log-likelihood, at draws of an emulated posterior
OF_PRINTED_ERROR = 0.25  # of a standard error: two fits of the same numbers, each with some thousand patients
PRINTED_ERROR = 0.1  # relative, of a standard error: from curvature, or from curvature and slopes together
INDIVIDUAL_QUADRATURE = 1e-3  # of the log-likelihood of all individuals, from fifteen nodes in each direction
