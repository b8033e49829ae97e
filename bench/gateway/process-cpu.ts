import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second (USER_HZ) on every machine it runs on today. */
const TICK_MS = 10

/**
 * User and system CPU in milliseconds that processes with all their descendants have used so far (Linux). What the
 * processes named waited for and buried is counted too, so that a database's worker that ends is not lost.
 */
export function cpuMsOf(pids: readonly number[]): number {
  const processes = new Map<number, { parent: number; ticks: number }>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const pid = Number(name)
    const fields = statOf(name)
    if (fields === undefined) continue
    const [user, system, buriedUser, buriedSystem] = [11, 12, 13, 14].map((at) => Number(fields[at])) as [number, number, number, number]
    processes.set(pid, { parent: Number(fields[1]), ticks: user + system + (pids.includes(pid) ? buriedUser + buriedSystem : 0) })
  }
  let ticks = 0
  for (const [pid, { ticks: own }] of processes) {
    let ancestor = pid
    while (ancestor > 1 && !pids.includes(ancestor)) ancestor = processes.get(ancestor)?.parent ?? 0
    if (pids.includes(ancestor)) ticks += own
  }
  return ticks * TICK_MS
}

/** User and system CPU in milliseconds of a process's first thread: in Node the one that runs JavaScript. */
export function mainThreadMsOf(pid: number): number {
  const fields = statOf(`${pid}/task/${pid}`)
  return (Number(fields?.[11]) + Number(fields?.[12])) * TICK_MS
}

/** Memory of a process that no file stands behind, in MiB. */
export function anonymousMiB(pid: number): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1024)
}

/** Fields of a `stat` file after the name, which may hold spaces; undefined when the process has ended. */
function statOf(path: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${path}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
