export { SecretBytes } from './secret-bytes.ts'
export { createPlatformSigner, createSeedSigner, type Signer } from './signer.ts'
export { backupWallet, createWallet, restoreWallet, type SeedWallet, type Wallet, type WalletBackup, type WalletKind } from './wallet.ts'
