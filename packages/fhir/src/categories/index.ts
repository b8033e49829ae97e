export { categoriesOf, CATEGORIES } from './categories.ts'
export type { Category, ResourceClass } from './categories.ts'
export { subjectsOf } from './subjects.ts'
export { identityForm } from './identity-form.ts'
