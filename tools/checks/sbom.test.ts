import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sbom } from '../supply/sbom.ts'
import { root } from '../tasks/process.ts'

interface Locked {
  readonly version?: string
  readonly link?: boolean
  readonly optional?: boolean
}

it('the bill of materials names every locked package, with version, hash and licence', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
  const locked = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
  const bill = sbom()
  const named = new Set(bill.components.map(({ purl }) => decodeURIComponent(purl.split('?')[0] ?? '')))
  const missing = locked.filter(([path, { optional, version }]) => optional !== true && !named.has(`pkg:npm/${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`))
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' })
  expect(missing.map(([path]) => path)).toEqual([])
  const bought = bill.components.filter(({ purl }) => !purl.startsWith('pkg:npm/%40chiron/'))
  expect(bought.filter(({ licenses, hashes }) => (licenses?.length ?? 0) === 0 || (hashes?.length ?? 0) === 0).map(({ name }) => name)).toEqual([])
})
