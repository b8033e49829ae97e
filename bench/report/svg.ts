/** Plots as SVG text: readable on light and dark ground, without a font or script of their own. */

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Axis {
  readonly label: string
  readonly log?: boolean
  /** Beginning, unless the values say. */
  readonly from?: number
}

export interface LinePlot {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
}

export interface Bar {
  readonly name: string
  /** Parts from left to right, or one. */
  readonly parts: readonly { readonly name: string; readonly value: number }[]
  /** Written behind the bar. */
  readonly note?: string
}

export interface BarPlot {
  readonly title: string
  readonly unit: string
  readonly bars: readonly Bar[]
  readonly log?: boolean
}

const WIDTH = 720
const FONT = 'font-family="system-ui, sans-serif" font-size="12"'
/** Contrast of at least 4 to 1 on white and on near-black. */
const INK = '#768390'
const GRID = '#76839040'
const COLOURS = ['#2f81f7', '#d4762c', '#2da44e', '#bf4b8a', '#8a63d2', '#1b9aaa', '#b08800', '#e5534b', '#6e7781', '#57ab5a', '#986ee2', '#c69026', '#4184e4', '#ae5622', '#39c5cf', '#cc6bb9']

export function linePlot({ title, x, y, series }: LinePlot): string {
  const frame = { left: 68, top: 52, right: WIDTH - 20, bottom: 300 }
  const xs = series.flatMap(({ points }) => points.map(([at]) => at))
  const ys = series.flatMap(({ points }) => points.map(([, at]) => at))
  const across = scaleOf(x, xs, frame.left, frame.right)
  const up = scaleOf(y, ys, frame.bottom, frame.top)
  const marks = [
    ...across.ticks.map((tick) => `${line(across.at(tick), frame.top, across.at(tick), frame.bottom, GRID)}${text(across.at(tick), frame.bottom + 18, shortNumber(tick), 'middle')}`),
    ...up.ticks.map((tick) => `${line(frame.left, up.at(tick), frame.right, up.at(tick), GRID)}${text(frame.left - 8, up.at(tick) + 4, shortNumber(tick), 'end')}`),
  ]
  const lines = series.map(({ points }, n) => {
    const path = points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${fixed(across.at(px))} ${fixed(up.at(py))}`).join('')
    return `<path d="${path}" fill="none" stroke="${colour(n)}" stroke-width="2.5" stroke-linejoin="round"/>`
  })
  const { markup, height } = legend(series.map(({ name }) => name), 356)
  return document(title, 356 + height, [...marks, ...lines, text((frame.left + frame.right) / 2, 338, x.label, 'middle'), text(frame.left - 48, 38, y.label, 'start'), markup])
}

/** Horizontal bars; parts of one name have one colour throughout. */
export function barPlot({ title, unit, bars, log = false }: BarPlot): string {
  const names = [...new Set(bars.flatMap(({ parts }) => parts.map(({ name }) => name)))]
  const left = 24 + Math.max(...bars.map(({ name }) => name.length)) * 7
  const right = WIDTH - 110
  const totals = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0))
  const bottom = 44 + bars.length * 30
  const scale = scaleOf({ label: unit, log, ...(log ? {} : { from: 0 }) }, totals.filter((total) => total > 0).flatMap((total) => (log ? [total, total / 2] : [total])), left, right)
  const rows = bars.flatMap(({ name, parts, note }, row) => {
    const y = 44 + row * 30
    let at = 0
    const drawn = parts.map((part) => {
      const from = log ? left : scale.at(at)
      at += part.value
      const to = log && at <= 0 ? left : scale.at(at)
      return `<rect x="${fixed(from)}" y="${y}" width="${fixed(Math.max(0, to - from))}" height="20" fill="${colour(names.indexOf(part.name))}"><title>${escape(part.name)}: ${shortNumber(part.value)} ${escape(unit)}</title></rect>`
    })
    const end = at > 0 ? scale.at(at) : left
    return [text(left - 8, y + 14, name, 'end'), ...drawn, text(end + 6, y + 14, note ?? shortNumber(at), 'start')]
  })
  const grid = scale.ticks.map((tick) => `${line(scale.at(tick), 38, scale.at(tick), bottom, GRID)}${text(scale.at(tick), bottom + 16, shortNumber(tick), 'middle')}`)
  const { markup, height } = names.length > 1 ? legend(names, bottom + 50) : { markup: '', height: 0 }
  return document(title, bottom + 44 + height, [...grid, ...rows, text((left + right) / 2, bottom + 34, unit, 'middle'), markup])
}

interface Scale {
  readonly ticks: readonly number[]
  at(value: number): number
}

function scaleOf({ log = false, from }: Axis, values: readonly number[], begin: number, end: number): Scale {
  const most = Math.max(...values)
  const least = from ?? Math.min(...values)
  if (log) {
    const ticks = logTicks(least > 0 ? least : 1, most)
    const [low, high] = [ticks[0] as number, ticks.at(-1) as number].map(Math.log10) as [number, number]
    const at = (value: number): number => begin + ((Math.log10(value) - low) / (high - low)) * (end - begin)
    return { at, ticks }
  }
  const step = niceStep((most - least) / 5)
  const first = Math.floor(least / step) * step
  const last = Math.max(first + step, Math.ceil(most / step - 1e-9) * step)
  const at = (value: number): number => begin + ((value - first) / (last - first)) * (end - begin)
  return { at, ticks: Array.from({ length: Math.round((last - first) / step) + 1 }, (_, i) => first + i * step) }
}

/** From the mark at or below the least value to that at or above the most: powers of ten, with 2 and 5 between where they are few. */
function logTicks(least: number, most: number): number[] {
  const low = Math.floor(Math.log10(least) + 1e-9)
  const high = Math.max(low + 1, Math.ceil(Math.log10(most) - 1e-9))
  const marks = high - low > 3 ? [1] : [1, 2, 5]
  const all = Array.from({ length: high - low + 1 }, (_, i) => marks.map((mark) => mark * 10 ** (low + i))).flat()
  const first = all.findLastIndex((mark) => mark <= least * (1 + 1e-9))
  const last = all.findIndex((mark) => mark >= most * (1 - 1e-9))
  return all.slice(first, Math.max(last, first + 1) + 1)
}

function niceStep(rough: number): number {
  const size = 10 ** Math.floor(Math.log10(rough > 0 ? rough : 1))
  return size * ([1, 2, 5, 10].find((times) => times * size >= rough) ?? 10)
}

function legend(names: readonly string[], top: number): { markup: string; height: number } {
  let x = 20
  let y = top
  const items = names.map((name, n) => {
    const width = 28 + name.length * 6.8
    if (x + width > WIDTH - 10) {
      x = 20
      y += 20
    }
    const item = `<rect x="${fixed(x)}" y="${y - 10}" width="12" height="12" fill="${colour(n)}"/>${text(x + 17, y, name, 'start')}`
    x += width
    return item
  })
  return { markup: items.join(''), height: y - top + 20 }
}

function document(title: string, height: number, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${fixed(height)}" width="${WIDTH}" height="${fixed(height)}" role="img" ${FONT}>
<title>${escape(title)}</title>
<text x="20" y="16" fill="${INK}" font-weight="600" font-size="13">${escape(title)}</text>
${content.filter((part) => part !== '').join('\n')}
</svg>
`
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" fill="${INK}">${escape(content)}</text>`
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="${stroke}"/>`
}

function colour(n: number): string {
  return COLOURS[n % COLOURS.length] as string
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)))
}

/** `12k`, `0.05`: three digits at most. */
export function shortNumber(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`
  if (Math.abs(value) >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`
  return String(Number(value.toPrecision(3)))
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
