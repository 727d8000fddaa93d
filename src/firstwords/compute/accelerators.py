"""What GPUs can do, by their makers' data sheets: for plans of machines that one does not have.

Peaks are for dense bfloat16 matrix products with float32 accumulation, without sparsity. Links are one card's, one way.
"""

from __future__ import annotations

from dataclasses import dataclass

from firstwords.errors import RecipeError
from firstwords.find import nearest


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """One card.

    Attributes:
        flops: Peak a second.
        memory_bytes: Of the card.
        bandwidth: Of its memory, bytes a second.
        link: To the other cards of its machine, bytes a second.
        watts: Limit of the board.
        per_node: Cards of a usual machine.
        source: Of the numbers.
    """

    flops: float
    memory_bytes: float
    bandwidth: float
    link: float
    watts: float
    per_node: int = 8
    source: str


def _card(teraflops: float, gib: float, gb_per_s: float, link: float, watts: float, source: str) -> Accelerator:
    return Accelerator(
        flops=teraflops * 1e12,
        memory_bytes=gib * 2**30,
        bandwidth=gb_per_s * 1e9,
        link=link * 1e9,
        watts=watts,
        source=source,
    )


ACCELERATORS: dict[str, Accelerator] = {
    #                    TFLOP/s  GiB   GB/s  link   W
    "b200": _card(2250, 180, 8000, 900, 1000, "NVIDIA DGX B200 data sheet (dense, an eighth of the system)"),
    "h200": _card(989, 140, 4800, 450, 700, "NVIDIA H200 data sheet, SXM"),
    "h100": _card(989, 80, 3350, 450, 700, "NVIDIA H100 data sheet, SXM5"),
    "h100-pcie": _card(756, 80, 2000, 64, 350, "NVIDIA H100 data sheet, PCIe"),
    "a100": _card(312, 80, 2039, 300, 400, "NVIDIA A100 80GB data sheet, SXM4"),
    "a100-40gb": _card(312, 40, 1555, 300, 400, "NVIDIA A100 data sheet, SXM4"),
    "l40s": _card(362, 45, 864, 32, 350, "NVIDIA L40S data sheet (dense: half of the figure with sparsity)"),
    "l4": _card(121, 22, 300, 32, 72, "NVIDIA L4 data sheet (dense: half of the figure with sparsity)"),
    "rtx5090": _card(209, 31.8, 1792, 64, 575, "NVIDIA RTX Blackwell architecture paper, float32 accumulation"),
    "rtx4090": _card(165, 24, 1008, 32, 450, "NVIDIA Ada architecture paper, float32 accumulation"),
    "rtx3090": _card(71, 24, 936, 32, 350, "NVIDIA Ampere GA102 paper, float32 accumulation"),
    "mi300x": _card(1307, 192, 5300, 448, 750, "AMD Instinct MI300X data sheet"),
}


def accelerator(name: str) -> Accelerator:
    """The card of a name.

    Raises:
        RecipeError: If it is not in the table.
    """
    if name.lower() not in ACCELERATORS:
        raise RecipeError(
            f"no card '{name}' in the table.{nearest(name.lower(), list(ACCELERATORS))} There: "
            f"{', '.join(ACCELERATORS)}. For another one give --gpu-flops and --gpu-memory"
        )
    return ACCELERATORS[name.lower()]
