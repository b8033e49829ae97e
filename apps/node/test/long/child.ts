import { spawn } from 'node:child_process'

export interface ChildOutput {
  /** One value for each line that it printed. */
  readonly lines: readonly unknown[]
  /** Undefined where it ended well. */
  readonly failure: string | undefined
}

/** Runs a program that prints lines of JSON, in a process of its own. @param heap of the process, in MB */
export async function runChild(main: URL, args: readonly string[], heap: number): Promise<ChildOutput> {
  const child = spawn(process.execPath, [`--max-old-space-size=${heap}`, main.pathname, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = await Promise.all([textOf(child.stdout), textOf(child.stderr), new Promise((resolve) => child.once('exit', resolve))])
  const lines = output.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
  const failure = child.exitCode === 0 ? undefined : `ended with ${child.exitCode ?? child.signalCode}: ${errors.slice(0, 4000)}`
  return { lines, failure }
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
