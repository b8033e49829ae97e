export * from './blob-store-compliance.ts'
