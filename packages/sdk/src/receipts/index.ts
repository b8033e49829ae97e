export * from './receipts.ts'
