import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * @typedef {object} Workspace
 * @property {string} folder absolute path
 * @property {string} name as in its package.json
 * @property {ReadonlySet<string>} dependencies what it declares
 */

/** @type {Map<string, Workspace | undefined>} */
const known = new Map()

/**
 * The workspace (a folder with a package.json under `packages/` or `apps/`) that a file lies in; undefined outside of one.
 * @param {string} file
 * @returns {Workspace | undefined}
 */
export function workspaceOf(file) {
  const match = /^(.*?[\\/](?:packages|apps)[\\/][^\\/]+)[\\/]/.exec(file)
  const folder = match?.[1]
  if (folder === undefined) return undefined
  if (!known.has(folder)) known.set(folder, read(folder))
  return known.get(folder)
}

/** @param {string} folder */
function read(folder) {
  const path = join(folder, 'package.json')
  if (!existsSync(path)) return undefined
  const { name, dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(path, 'utf8'))
  return { folder, name, dependencies: new Set(Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })) }
}

/**
 * What the clone's root declares for its development.
 * @param {Workspace} workspace
 * @returns {ReadonlySet<string>}
 */
export function rootDependencies(workspace) {
  const root = dirname(dirname(workspace.folder))
  if (!known.has(root)) known.set(root, read(root))
  return known.get(root)?.dependencies ?? new Set()
}

/** Tests, and compliance suites that drivers' tests call. @param {string} file */
export function isTest(file) {
  return file.endsWith('.test.ts') || file.endsWith('compliance.ts') || /[\\/](test|testing)[\\/]/.test(file)
}

/**
 * Calls `visit` with every module that a file names: imports, re-exports and dynamic imports of a literal.
 * @param {(source: string, node: object) => void} visit
 */
export function moduleVisitor(visit) {
  /** @param {any} node */
  const withSource = (node) => {
    if (typeof node.source?.value === 'string') visit(node.source.value, node)
  }
  return {
    ImportDeclaration: withSource,
    ExportNamedDeclaration: withSource,
    ExportAllDeclaration: withSource,
    ImportExpression: withSource,
    /** `import('…').Type` in a type. @param {any} node */
    TSImportType: withSource,
  }
}
