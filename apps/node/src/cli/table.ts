/** Rows under headings, columns as wide as they need; no trailing space. Control characters are made visible. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((row) => row.map(visible))
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n')
}

/** Text from elsewhere without what could drive a terminal. */
export function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `name: value` lines. */
export function formatFields(fields: Readonly<Record<string, string | number | boolean>>): string {
  const width = Math.max(...Object.keys(fields).map((name) => name.length))
  return Object.entries(fields)
    .map(([name, value]) => `${`${name}:`.padEnd(width + 1)} ${visible(String(value))}`)
    .join('\n')
}

const LATEST_MS = 8_640_000_000_000_000

/** Unix milliseconds as UTC, or `no end`; the number itself where the calendar ends, which a rule may lie beyond. */
export function formatTime(timeMs: number | null): string {
  if (timeMs === null) return 'no end'
  return timeMs <= LATEST_MS ? new Date(timeMs).toISOString() : `${timeMs} ms after 1970`
}

/** Names in a row, or what their absence means. */
export function formatNames(names: readonly string[], none = 'all'): string {
  return names.length === 0 ? none : names.join(', ')
}
