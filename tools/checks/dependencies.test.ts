import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../tasks/process.ts'

interface Locked {
  readonly version?: string
  readonly license?: string
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Licences that code shipped under Apache-2.0 may depend on. */
const ALLOWED = new Set([
  '0BSD', 'Apache-2.0', 'Apache-2.0 OR MIT', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC', 'MIT', 'MIT OR Apache-2.0', 'MIT-0', 'Python-2.0', 'Unlicense',
])

/** Also for tools that are never shipped. */
const ALLOWED_FOR_TOOLS = new Set(['MPL-2.0'])

/** Packages whose manifest has no licence; what their repository says instead. */
const STATED_ELSEWHERE: Readonly<Record<string, string>> = {}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true)

describe('what Chiron depends on', () => {
  it('is under licences on the list', () => {
    const others = installed.flatMap(([path, { license, dev }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const stated = license ?? STATED_ELSEWHERE[name] ?? 'none'
      return ALLOWED.has(stated) || (dev === true && ALLOWED_FOR_TOOLS.has(stated)) ? [] : [`${name}: ${stated}`]
    })
    expect(installed.length).toBeGreaterThan(50)
    expect(others).toEqual([])
  })

  it('is locked by hash, and not to a host of the machine that locked it', () => {
    expect(installed.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([])
    expect(installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
  })

  it('is locked for every platform, or `npm ci` refuses the lock file', () => {
    const missing = installed.flatMap(([, { optional, optionalDependencies = {} }]) => optional === true ? [] : Object.keys(optionalDependencies).filter((name) => packages[`node_modules/${name}`] === undefined))
    const nested = missing.filter((name) => !installed.some(([path]) => path.endsWith(`/node_modules/${name}`)))
    expect([...new Set(nested)]).toEqual([])
  })

  it('is asked for by exact version, in every workspace', () => {
    const manifests = ['package.json', ...Object.keys(packages).filter((path) => path !== '' && !path.includes('node_modules')).map((path) => `${path}/package.json`)]
    const loose = manifests.flatMap((path) => {
      const { name, dependencies = {}, devDependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
      const asked = { ...dependencies, ...devDependencies, ...optionalDependencies }
      return Object.entries(asked).filter(([other, version]) => !other.startsWith('@chiron/') && !/^\d+\.\d+\.\d+(-[0-9a-z.]+)?$/.test(version)).map(([other, version]) => `${name} asks for ${other} ${version}`)
    })
    expect(manifests.length).toBeGreaterThan(6)
    expect(loose).toEqual([])
  })
})
