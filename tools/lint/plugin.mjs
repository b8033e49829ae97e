// Rules of the house that oxlint does not bring: see README.md beside this file.
import { declaredImports } from './rules/declared-imports.mjs'
import { deterministic } from './rules/deterministic.mjs'
import { folderNames } from './rules/folder-names.mjs'
import { layers } from './rules/layers.mjs'
import { noBareError } from './rules/no-bare-error.mjs'
import { ports } from './rules/ports.mjs'

export default {
  meta: { name: 'chiron' },
  rules: {
    'declared-imports': declaredImports,
    deterministic,
    'folder-names': folderNames,
    layers,
    'no-bare-error': noBareError,
    ports,
  },
}
