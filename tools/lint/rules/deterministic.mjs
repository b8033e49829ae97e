import { undeclaredIn } from '../undeclared.mjs'

/** Functions of Math that ECMAScript defines exactly; the others are left to the implementation. */
const EXACT_MATH = new Set(['abs', 'ceil', 'clz32', 'floor', 'imul', 'max', 'min', 'round', 'sign', 'trunc'])

const GLOBALS = new Map(
  Object.entries({
    AsyncFunction: 'everything is synchronous',
    Atomics: 'nothing is shared',
    Date: 'time is data: take timeMs as a value',
    FinalizationRegistry: 'garbage collection differs between machines',
    Float32Array: 'no floating-point numbers',
    Float64Array: 'no floating-point numbers',
    Function: 'no code from text',
    Intl: 'results depend on the machine',
    Promise: 'everything is synchronous',
    WeakRef: 'garbage collection differs between machines',
    clearInterval: 'no timers',
    clearTimeout: 'no timers',
    console: 'no output',
    crypto: 'no randomness: take it as a value',
    eval: 'no code from text',
    fetch: 'no network',
    global: 'no environment',
    globalThis: 'no environment',
    navigator: 'no environment',
    parseFloat: 'no floating-point numbers',
    performance: 'time is data: take timeMs as a value',
    process: 'no environment',
    queueMicrotask: 'everything is synchronous',
    require: 'import instead',
    self: 'no environment',
    setImmediate: 'no timers',
    setInterval: 'no timers',
    setTimeout: 'no timers',
    window: 'no environment',
  }),
)

/** Methods whose result depends on the machine's locale or time zone. */
const LOCAL_METHODS = /^(localeCompare|toLocale\w*)$/

/** Reads of floating-point numbers from bytes and text. */
const FLOAT_METHODS = /^([gs]etFloat(16|32|64)|parseFloat|toFixed|toPrecision|toExponential)$/

/** Modules that a pure package may not use, even where they resolve. */
const IMPURE_MODULE = /^node:/

/**
 * What every machine must compute alike may not read time, randomness, locale or environment, use numbers with
 * fractions, or wait.
 */
export const deterministic = {
  meta: { type: 'problem', docs: { description: 'the same input gives the same state on every machine' }, schema: [] },
  /** @param {any} context */
  create(context) {
    /** @param {any} node @param {string} message */
    const report = (node, message) => context.report({ node, message })
    /** @param {any} node */
    const checkFunction = (node) => {
      if (node.async) report(node, 'async: everything is synchronous')
    }
    /** @param {any} node */
    const checkModule = (node) => {
      if (IMPURE_MODULE.test(node.source?.value ?? '')) report(node, `'${node.source.value}': no environment`)
    }
    return {
      FunctionDeclaration: checkFunction,
      FunctionExpression: checkFunction,
      ArrowFunctionExpression: checkFunction,
      ImportDeclaration: checkModule,
      ExportNamedDeclaration: checkModule,
      ExportAllDeclaration: checkModule,
      /** @param {any} node */
      AwaitExpression: (node) => report(node, 'await: everything is synchronous'),
      /** @param {any} node */
      ForOfStatement: (node) => node.await && report(node, 'for await: everything is synchronous'),
      /** @param {any} node */
      ForInStatement: (node) => report(node, 'for…in: inherited keys too; use Object.keys'),
      /** @param {any} node */
      ImportExpression: (node) => report(node, 'import(): everything is synchronous'),
      /** @param {any} node */
      Literal(node) {
        if (typeof node.value !== 'number') return
        if (!Number.isSafeInteger(node.value)) report(node, `${node.raw}: no numbers with fractions, nor beyond 2^53`)
      },
      /** @param {any} node */
      MemberExpression(node) {
        const name = node.computed ? (typeof node.property.value === 'string' ? node.property.value : undefined) : node.property.name
        if (node.object.type === 'Identifier' && node.object.name === 'Math' && (name === undefined || !EXACT_MATH.has(name))) {
          report(node, `Math.${name ?? '[…]'}: the language leaves its result to the machine`)
        }
        if (name !== undefined && LOCAL_METHODS.test(name)) report(node, `${name}: depends on the machine's locale; compare code units or bytes`)
        if (name !== undefined && FLOAT_METHODS.test(name)) report(node, `${name}: no floating-point numbers`)
      },
      /** Taking Math apart would hide its functions from the check above. @param {any} node */
      VariableDeclarator(node) {
        if (node.init?.type === 'Identifier' && node.init.name === 'Math') report(node, 'Math: name its functions where they are used')
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
