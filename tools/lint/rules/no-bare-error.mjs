const BARE = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError', 'EvalError', 'URIError', 'AggregateError'])

/** Errors carry a stable code: one class per package, never the language's own. */
export const noBareError = {
  meta: { type: 'problem', docs: { description: "errors are of the package's class, with a stable code" }, schema: [] },
  /** @param {any} context */
  create(context) {
    /** @param {any} node */
    const check = (node) => {
      if (node.callee.type === 'Identifier' && BARE.has(node.callee.name)) {
        context.report({ node, message: `a bare ${node.callee.name} has no code: use the package's error class` })
      }
    }
    return { NewExpression: check, CallExpression: check }
  },
}
