/** Where a command writes: its result to stdout, everything else to stderr. */
export interface CommandIo {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean }
}

/** Prints the result: as JSON for programs, else as text for people. */
export function printResult(io: CommandIo, options: { readonly json?: boolean | undefined }, result: unknown, text: () => string): void {
  io.stdout.write(`${options.json === true ? JSON.stringify(result, null, 2) : text()}\n`)
}

/** A message on stderr. */
export function say(io: CommandIo, message: string): void {
  io.stderr.write(`${message}\n`)
}
