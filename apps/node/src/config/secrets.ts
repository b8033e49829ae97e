import { MasterKey } from '../keys/master-key.ts'
import type { Config } from './config.ts'

/** What must never be printed: everything in it redacts itself. */
export interface Secrets {
  readonly masterKey: MasterKey
}

/**
 * Reads the secrets, or makes them on a first start; `keysDirectory` tells which it is.
 * @throws KeyError as {@link MasterKey.open}
 */
export function loadSecrets({ masterKeyFile }: Config, keysDirectory: string): Secrets {
  return { masterKey: MasterKey.open(masterKeyFile, keysDirectory) }
}
