import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether small disks can be mounted here: Linux, as root, with leave to mount. */
export const canMount: boolean = (() => {
  if (process.getuid?.() !== 0) return false
  const path = mkdtempSync(join(tmpdir(), 'chiron-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).status === 0
  if (mounted) spawnSync('umount', [path])
  rmdirSync(path)
  return mounted
})()

/** Mounts a file system in memory of this size, such as `4m`. */
export function mountTmpfs(path: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
}

export function resizeTmpfs(path: string, size: string): void {
  execFileSync('mount', ['-o', `remount,size=${size}`, path])
}

export function unmount(path: string): void {
  execFileSync('umount', ['-l', path])
}
