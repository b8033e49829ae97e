import { walletCopiesCompliance } from '../testing/index.ts'
import { MemoryWalletCopies } from './memory.ts'

walletCopiesCompliance('memory', async () => ({ copies: new MemoryWalletCopies(), close: async () => {} }))
