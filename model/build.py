"""Models beyond the shipped ones, written on first use: the one lazy door to the symbolic layer."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from .definition.mechanism import mechanism
from .definition.parameters import ParameterTable, load_parameters
from .definition.records import Module
from .definition.structures import Structure
from .engine.contract import load_kernels
from .engine.written_module import module_of
from .model import Model


def build(
    structure: Structure | Mapping[str, str] | None = None,
    *,
    extra: Sequence[Module] = (),
    parameters: ParameterTable | None = None,
) -> Model:
    """Write, check and load the kernels of any combination of choices, with a user's own processes.

    The module lies in the user's cache folder (``LAG3IG_CACHE``, if set) under the hash of its text; an equal
    text is not written again.

    Parameters
    ----------
    structure
        Structural choices, the default ones if None.
    extra
        Modules of the definition that are added to the shipped ones.
    parameters
        Table that holds every parameter the modules use; the literature set if None.

    Raises
    ------
    ModelError
        If the equations do not hold together (units, names, conservation, signs); the message names the term.
    """
    from .symbolic.checks import check
    from .symbolic.kernels import KernelWriter
    from .symbolic.system import assemble

    chosen = structure if isinstance(structure, Structure) else Structure.from_mapping(structure or {})
    table = (load_parameters() if parameters is None else parameters).for_structure(chosen)
    whole = mechanism(chosen, extra)
    system = assemble(whole, table)
    check(system)
    name = chosen.name + "".join(f"+{module.name}" for module in extra)
    text = KernelWriter(system).text(name)
    return Model(chosen, load_kernels(module_of(text, "model")), table, whole)


def scaling_symmetries(
    structure: Structure | Mapping[str, str] | None = None,
    *,
    observed: Iterable[str],
    free: Collection[str] | None = None,
) -> tuple[dict[str, int], ...]:
    """Groups of parameters that may change by powers of one factor without any observed quantity changing.

    Parameters
    ----------
    structure
        Structural choices, the default ones if None.
    observed
        Observables that data tell of.
    free
        Parameters that may change; all that the equations use, if left out.

    Raises
    ------
    ModelError
        If a choice, an observable or a parameter does not exist.

    Examples
    --------
    >>> scaling_symmetries(observed=["sld", "lesion_hazard"], free=["Rcell", "N50", "hS", "KD"])
    ({'Rcell': 1, 'N50': 1},)
    """
    from .symbolic import symmetries
    from .symbolic.system import assemble

    chosen = structure if isinstance(structure, Structure) else Structure.from_mapping(structure or {})
    system = assemble(mechanism(chosen), load_parameters().for_structure(chosen))
    return symmetries.scaling_symmetries(system, observed=observed, free=free)
