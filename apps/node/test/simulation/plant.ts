import { registerHooks } from 'node:module'
import type { PlantedBug, PlantedChange } from './bugs.ts'

/**
 * Changes sources while they are loaded: the bug is in this process alone. The text to be replaced must stand in the
 * file exactly once, so that a bug that no longer fits the source is noticed. Gives those not met yet.
 */
export function plant({ changes }: PlantedBug): ReadonlySet<PlantedChange> {
  const left = new Set(changes)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      const here = changes.filter(({ file }) => url.endsWith(`/${file}`))
      if (here.length === 0 || loaded.source === undefined || loaded.source === null) return loaded
      let source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source as Uint8Array)
      for (const change of here) {
        if (source.split(change.find).length !== 2) throw new Error(`the text to be replaced does not stand once in ${change.file}`)
        source = source.replace(change.find, () => change.replace)
        left.delete(change)
      }
      return { ...loaded, source }
    },
  })
  return left
}
