import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { createServer } from 'node:net'
import { PeerMissing } from './peer.ts'

/** Runs a program to its end. @throws PeerMissing when it is not there or fails, with the last it said */
export function runProgram(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-2000)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('error', (cause) => reject(new PeerMissing(`${command} is not on the PATH`, { cause })))
    child.once('close', (code) => (code === 0 ? resolve() : reject(new PeerMissing(`${command} ended with code ${code}: ${lastLine(said)}`))))
  })
}

/** Starts a program and waits until a line of its output matches. @throws PeerMissing when it ends before, or in time does not */
export async function startProgram(command: string, args: readonly string[], ready: { test(said: string): boolean }, options: SpawnOptions & { readonly timeoutMs: number }): Promise<ChildProcess> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new PeerMissing(`${command} was not ready after ${options.timeoutMs / 1000} s: ${lastLine(said)}`)), options.timeoutMs)
      const hear = (chunk: Buffer): void => {
        said = (said + chunk.toString()).slice(-4000)
        if (ready.test(said)) {
          clearTimeout(timer)
          resolve()
        }
      }
      child.stdout?.on('data', hear)
      child.stderr?.on('data', hear)
      child.once('error', (cause) => reject(new PeerMissing(`${command} is not on the PATH`, { cause })))
      child.once('exit', (code) => reject(new PeerMissing(`${command} ended with code ${code}: ${lastLine(said)}`)))
    })
  } catch (error) {
    await stopProgram(child)
    throw error
  }
  return child
}

/** Ends a program that was started here: asked first, killed after ten seconds. */
export async function stopProgram(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}

/** Whether a program can be started. */
export function hasProgram(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** A port on loopback that was free a moment ago, for a program that cannot choose one itself. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new PeerMissing('no port on loopback'))))
    })
  })
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
}
