import { isBuiltin } from 'node:module'
import { isTest, moduleVisitor, rootDependencies, workspaceOf } from './workspace.mjs'

/** Package name of an import path. @param {string} source */
function packageOf(source) {
  const parts = source.split('/')
  return source.startsWith('@') ? parts.slice(0, 2).join('/') : /** @type {string} */ (parts[0])
}

/**
 * A workspace imports only packages that its own package.json declares (npm workspaces hoist, so others resolve too), and
 * Node's own modules with `node:`. Tests may also use what the root declares, and testkit.
 */
export const declaredImports = {
  meta: { type: 'problem', docs: { description: 'imported packages are declared by the workspace' }, schema: [] },
  /** @param {any} context */
  create(context) {
    const workspace = workspaceOf(context.filename)
    if (workspace === undefined) return {}
    return moduleVisitor((source, node) => {
      if (source.startsWith('.') || source.startsWith('node:')) return
      if (isBuiltin(source)) {
        context.report({ node, message: `write 'node:${source}'` })
        return
      }
      const name = packageOf(source)
      if (name === workspace.name || workspace.dependencies.has(name)) return
      if (isTest(context.filename) && (name === '@chiron/testkit' || rootDependencies(workspace).has(name))) return
      context.report({ node, message: `'${name}' is not declared in the package.json of '${workspace.name}'` })
    })
  },
}
