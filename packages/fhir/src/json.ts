/** A JSON object as it came from a client. */
export type JsonObject = { readonly [key: string]: unknown }

/** Whether a value is a JSON object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as a list: an array as it is, undefined and null as empty, anything else as a list of one. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** The JSON objects in a value that may be absent, single or repeated. */
export function objectsOf(value: unknown): JsonObject[] {
  return listOf(value).filter(isObject)
}

/** The value if it is a string. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A copy that shares nothing with a plain JSON value. */
export function cloneJson<Value>(value: Value): Value {
  return structuredClone(value)
}
