import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildNode } from './child-node.ts'
import type { SeededRandom } from './random.ts'
import type { Rig } from './rig.ts'

const DISK_BYTES = 384 * 1024 * 1024
/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: from here on nothing reaches the disk, not even the journal. */
const CUT = 'sysopen(F, $ARGV[0], 0) or die "open: $!"; my $flags = pack("L", 2); ioctl(F, 0x8004587d, $flags) or die "ioctl: $!"'

/**
 * A disk of its own, ext4 in a file, whose power can be cut: what was not flushed is lost, and mounting it again replays
 * the journal as after a reboot. The disk's own cache is not modelled: what the kernel handed to it counts as written.
 */
export class PowerRig implements Rig {
  readonly directory: string
  readonly #root = mkdtempSync(join(tmpdir(), 'chiron-power-'))
  readonly #image = join(this.#root, 'disk.img')
  readonly #mounted = join(this.#root, 'disk')

  constructor(bytes = DISK_BYTES) {
    writeFileSync(this.#image, '')
    truncateSync(this.#image, bytes)
    execFileSync('mkfs.ext4', ['-q', '-F', this.#image])
    mkdirSync(this.#mounted)
    this.#mount()
    this.directory = join(this.#mounted, 'data')
  }

  /** In a third of the cases some files were flushed just before, so that not all of the disk is equally old. */
  async crash(node: ChildNode, random: SeededRandom): Promise<string> {
    const { output } = node
    if (random.integer(3) === 0) this.#flushSome(random)
    this.cut()
    await node.kill()
    this.restore()
    return output
  }

  cut(): void {
    execFileSync('perl', ['-e', CUT, this.#mounted])
  }

  /** What used the disk must have ended. */
  restore(): void {
    execFileSync('umount', [this.#mounted])
    this.#mount()
  }

  remove(): void {
    spawnSync('umount', ['-l', this.#mounted])
    rmSync(this.#root, { recursive: true, force: true })
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.#mounted])
  }

  #flushSome(random: SeededRandom): void {
    const files = readdirSync(this.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)).sort()
    for (let left = random.between(1, 3); left > 0; left--) {
      const descriptor = openSync(random.pick(files), 'r')
      fsyncSync(descriptor)
      closeSync(descriptor)
    }
  }
}

/** Why no power can be cut here; undefined where it can. */
export const powerHindrance: string | undefined = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root'
  for (const [tool, ...args] of [['mkfs.ext4', '-V'], ['perl', '-v'], ['umount', '--version']]) {
    if (spawnSync(tool as string, args).status !== 0) return `needs ${tool}`
  }
  let rig: PowerRig | undefined
  try {
    rig = new PowerRig(8 * 1024 * 1024)
    rig.cut()
    rig.restore()
    return undefined
  } catch (error) {
    return `needs leave to mount ext4 over a loop device and to shut it down (${(error as Error).message.split('\n')[0]})`
  } finally {
    rig?.remove()
  }
})()
