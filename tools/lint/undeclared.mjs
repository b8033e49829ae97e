/**
 * Identifiers in a program that nothing in it declares: globals.
 * @param {any} scope of the program
 * @returns {any[]}
 */
export function undeclaredIn(scope) {
  const declaredNowhere = scope.variables.filter((/** @type {any} */ variable) => variable.defs.length === 0)
  return [...scope.through, ...declaredNowhere.flatMap((/** @type {any} */ variable) => variable.references)].map(({ identifier }) => identifier)
}
