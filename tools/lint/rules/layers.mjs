import { dirname, join, relative, resolve, sep } from 'node:path'
import { isTest, moduleVisitor, workspaceOf } from './workspace.mjs'

/** What each workspace may import of the others, by import path. Imports point one way. */
const ALLOWED = {
  '@chiron/protocol': [],
  '@chiron/fhir': [],
  '@chiron/ledger': ['@chiron/protocol'],
  '@chiron/vault': ['@chiron/protocol'],
  '@chiron/sdk': ['@chiron/protocol', '@chiron/ledger/proofs', '@chiron/ledger/decide', '@chiron/vault', '@chiron/fhir'],
  '@chiron/testkit': ['@chiron/protocol', '@chiron/ledger', '@chiron/ledger/*', '@chiron/vault', '@chiron/vault/*', '@chiron/fhir', '@chiron/fhir/*', '@chiron/sdk', '@chiron/sdk/*'],
  '@chiron/node': ['@chiron/protocol', '@chiron/ledger', '@chiron/ledger/*', '@chiron/vault', '@chiron/vault/*', '@chiron/fhir', '@chiron/fhir/*', '@chiron/sdk', '@chiron/sdk/*', '@chiron/testkit'],
  '@chiron/portal': ['@chiron/sdk', '@chiron/sdk/*', '@chiron/fhir', '@chiron/fhir/*'],
}

/** `a/*` allows every path below `a`; anything else only itself. @param {string} pattern @param {string} source */
function covers(pattern, source) {
  return pattern.endsWith('/*') ? source.startsWith(pattern.slice(0, -1)) : source === pattern
}

/** Workspaces import one another in one direction, by package name; a relative import stays inside its workspace. */
export const layers = {
  meta: { type: 'problem', docs: { description: 'workspaces import one another in one direction only' }, schema: [] },
  /** @param {any} context */
  create(context) {
    const workspace = workspaceOf(context.filename)
    if (workspace === undefined) return {}
    /** @type {readonly string[] | undefined} */
    const allowed = Object.hasOwn(ALLOWED, workspace.name) ? ALLOWED[/** @type {keyof typeof ALLOWED} */ (workspace.name)] : undefined
    return moduleVisitor((source, node) => {
      if (source.startsWith('.')) {
        const target = relative(workspace.folder, resolve(dirname(context.filename), source))
        const tools = join('..', '..', 'tools') + sep
        if (isTest(context.filename) && target.startsWith(tools)) return
        if (target === '..' || target.startsWith(`..${sep}`)) {
          context.report({ node, message: `'${source}' leaves the workspace: import the package by its name` })
        }
        return
      }
      if (!source.startsWith('@chiron/')) return
      if (allowed === undefined) {
        context.report({ node, message: `'${workspace.name}' has no place among the layers: name it in tools/lint/rules/layers.mjs` })
        return
      }
      const own = source === workspace.name || source.startsWith(`${workspace.name}/`)
      const declared = workspace.dependencies.has(source.split('/').slice(0, 2).join('/'))
      const inTest = isTest(context.filename) && (covers('@chiron/testkit/*', `${source}/`) || declared)
      if (!own && !inTest && !allowed.some((pattern) => covers(pattern, source))) {
        context.report({ node, message: `'${workspace.name}' may not import '${source}': imports point one way (tools/lint/README.md)` })
      }
    })
  },
}
