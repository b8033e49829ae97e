import { undeclaredIn } from '../undeclared.mjs'

/** Globals that give time, randomness or waiting, whatever of them is used. */
const GLOBALS = new Map(
  Object.entries({
    performance: 'time comes through a port',
    setInterval: 'waiting comes through a port',
    setTimeout: 'waiting comes through a port',
  }),
)

/** Members of globals that do. */
const MEMBERS = new Map(
  Object.entries({
    'Date.now': 'time comes through a port',
    'Math.random': 'randomness comes through a port',
    'crypto.getRandomValues': 'randomness comes through a port',
    'crypto.randomUUID': 'randomness comes through a port',
  }),
)

const RANDOM = /^(random\w*|getRandomValues|webcrypto|generateKey\w*|generatePrime\w*)$/
const WAITING = /^set(Timeout|Interval)$/
const OUTSIDE = /^node:(fs|fs\/promises|os|net|http|https|child_process|process|worker_threads)$/

/** Code that runs inside the deterministic simulation reads time, randomness, network and disk through ports only. */
export const ports = {
  meta: { type: 'problem', docs: { description: 'time, randomness, network and disk come through ports' }, schema: [] },
  /** @param {any} context */
  create(context) {
    /** @param {any} node @param {string} message */
    const report = (node, message) => context.report({ node, message })
    /** @param {any} node @returns {string} */
    const nameOf = (node) => {
      if (node.type === 'Identifier') return node.name
      if (node.type !== 'MemberExpression' || node.computed) return ''
      return `${nameOf(node.object)}.${node.property.name}`.replace(/^globalThis\./, '')
    }
    return {
      /** @param {any} node */
      ImportDeclaration(node) {
        if (node.importKind === 'type') return
        const source = node.source.value
        if (OUTSIDE.test(source)) report(node, `'${source}': network, disk and machine come through ports`)
        for (const { imported, type } of node.specifiers) {
          const name = imported?.name ?? ''
          const whole = type !== 'ImportSpecifier'
          if (source === 'node:crypto' && (whole || RANDOM.test(name))) report(node, `${name}: randomness comes through a port`)
          if (/^node:timers(\/promises)?$/.test(source) && (whole || WAITING.test(name))) report(node, `${name}: waiting comes through a port`)
        }
      },
      /** @param {any} node */
      MemberExpression(node) {
        const name = nameOf(node)
        const why = MEMBERS.get(name) ?? (nameOf(node.object) === 'globalThis' ? GLOBALS.get(name) : undefined)
        if (why !== undefined) report(node, `${name}: ${why}`)
      },
      /** @param {any} node */
      NewExpression(node) {
        if (nameOf(node.callee) === 'Date' && node.arguments.length === 0) report(node, 'new Date(): time comes through a port')
      },
      /** @param {any} node */
      CallExpression(node) {
        if (nameOf(node.callee) === 'Date') report(node, 'Date(): time comes through a port')
      },
      /** @param {any} node */
      'Program:exit'(node) {
        for (const identifier of undeclaredIn(context.sourceCode.getScope(node))) {
          const why = GLOBALS.get(identifier.name)
          if (why !== undefined) report(identifier, `${identifier.name}: ${why}`)
        }
      },
    }
  },
}
