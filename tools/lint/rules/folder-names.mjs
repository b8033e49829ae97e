const BANNED = new Set(['core', 'common', 'utils', 'util', 'helpers', 'helper', 'managers', 'manager', 'misc', 'lib'])

/** A folder's name says what is in it, in the field's words. */
export const folderNames = {
  meta: { type: 'problem', docs: { description: 'folders are named after what they hold' }, schema: [] },
  /** @param {any} context */
  create(context) {
    return {
      /** @param {any} node */
      Program(node) {
        const inClone = context.filename.slice(context.cwd.length)
        const banned = inClone.split(/[\\/]/).slice(0, -1).find((/** @type {string} */ name) => BANNED.has(name))
        if (banned !== undefined) context.report({ node, message: `a folder called '${banned}' says nothing about what is in it` })
      },
    }
  },
}
