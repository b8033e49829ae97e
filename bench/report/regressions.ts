import type { BenchResult, Figure } from './result.ts'

/** Worse by more than this share of the earlier figure. */
const WORSE = 0.1

export interface Regression {
  readonly id: string
  readonly name: string
  readonly earlier: Figure
  readonly now: Figure
  /** 0.25: a quarter worse. */
  readonly worseBy: number
}

/** Figures of both runs that are more than a tenth worse now, the worst first. */
export function regressionsOf(earlier: Pick<BenchResult, 'figures'>, now: Pick<BenchResult, 'figures'>): Regression[] {
  const before = new Map(earlier.figures.map((figure) => [figure.id, figure]))
  return now.figures
    .flatMap((figure): Regression[] => {
      const old = before.get(figure.id)
      if (old === undefined || old.value <= 0 || figure.value <= 0) return []
      const worseBy = figure.better === 'lower' ? figure.value / old.value - 1 : old.value / figure.value - 1
      return worseBy > WORSE ? [{ id: figure.id, name: figure.name, earlier: old, now: figure, worseBy }] : []
    })
    .sort((a, b) => b.worseBy - a.worseBy)
}

/** Whether figures of two runs may be compared: at least the same work on the same kind of machine. */
export function isComparable(earlier: BenchResult, now: BenchResult): boolean {
  return earlier.size === now.size && now.parts.every((part) => earlier.parts.includes(part)) && earlier.machine.cpu === now.machine.cpu && earlier.machine.cores === now.machine.cores
}
