import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second (USER_HZ) on every machine it runs on today. */
const TICK_MS = 10

interface Process {
  readonly pid: number
  readonly fields: readonly string[]
}

/**
 * User and system CPU in milliseconds that processes with all their descendants have used so far (Linux). What the
 * processes named waited for and buried is counted too, so that a database's worker that ends is not lost.
 */
export function cpuMsOf(pids: readonly number[]): number {
  let ticks = 0
  for (const { pid, fields } of familyOf(pids)) {
    const [user, system, buriedUser, buriedSystem] = [11, 12, 13, 14].map((at) => Number(fields[at])) as [number, number, number, number]
    ticks += user + system + (pids.includes(pid) ? buriedUser + buriedSystem : 0)
  }
  return ticks * TICK_MS
}

/** Anonymous memory of processes with all their descendants, in MiB; what a database shares among its workers is not in it. */
export function familyMiB(pids: readonly number[]): number {
  return familyOf(pids).reduce((sum, { pid }) => sum + anonymousMiB(pid), 0)
}

function familyOf(pids: readonly number[]): Process[] {
  const processes = new Map<number, Process>()
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statOf(name) : undefined
    if (fields !== undefined) processes.set(Number(name), { pid: Number(name), fields })
  }
  return [...processes.values()].filter(({ pid }) => {
    let ancestor = pid
    while (ancestor > 1 && !pids.includes(ancestor)) ancestor = Number(processes.get(ancestor)?.fields[1] ?? 0)
    return pids.includes(ancestor)
  })
}

/** User and system CPU in milliseconds of a process's first thread: in Node the one that runs JavaScript. */
export function mainThreadMsOf(pid: number): number {
  const fields = statOf(`${pid}/task/${pid}`)
  return (Number(fields?.[11]) + Number(fields?.[12])) * TICK_MS
}

/** Memory of a process that no file stands behind, in MiB; 0 when it has ended. */
export function anonymousMiB(pid: number): number {
  try {
    return Math.round(Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
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
