/** The environment's variables as they are. An empty one counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The only reader of `process.env`. */
export function readEnvironment(): Environment {
  return Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
}
