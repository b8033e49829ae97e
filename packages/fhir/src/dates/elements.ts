/**
 * Where a resource type says what days its data is about, each list in order of preference: the first element that is
 * there counts, with all of `also`. A name ending in `[x]` is a choice of types; a dot goes into (repeating) elements.
 */
export interface DatedElements {
  readonly first: readonly string[]
  readonly also?: readonly string[]
  /** What it tells of goes on until one of these says that it ended. */
  readonly endsBy?: readonly string[]
}

/**
 * By type, after the elements behind the `date`, `authoredon`, `period`, … search parameters of R4; when the data was
 * merely recorded counts only where nothing says when it happened. Types that are not listed have no days of their own.
 */
export const DATED_ELEMENTS: Readonly<Record<string, DatedElements>> = {
  Account: { first: ['servicePeriod'] },
  AdverseEvent: { first: ['date', 'detected', 'recordedDate'], also: ['date', 'detected'] },
  AllergyIntolerance: { first: ['onset[x]', 'recordedDate'], also: ['recordedDate', 'lastOccurrence', 'reaction.onset'], endsBy: [] },
  Appointment: { first: ['start', 'requestedPeriod'], also: ['end'] },
  CarePlan: { first: ['period', 'created'] },
  CareTeam: { first: ['period'] },
  ChargeItem: { first: ['occurrence[x]', 'enteredDate'] },
  Claim: { first: ['billablePeriod', 'item.serviced[x]', 'created'], also: ['item.serviced[x]', 'accident.date', 'procedure.date', 'supportingInfo.timing[x]'] },
  ClinicalImpression: { first: ['effective[x]', 'date'] },
  Communication: { first: ['sent', 'received'], also: ['received'] },
  CommunicationRequest: { first: ['occurrence[x]', 'authoredOn'], also: ['authoredOn'] },
  Composition: { first: ['event.period', 'date'] },
  Condition: { first: ['onset[x]', 'recordedDate', 'abatement[x]'], also: ['recordedDate', 'abatement[x]'], endsBy: ['abatement[x]'] },
  Coverage: { first: ['period'] },
  DetectedIssue: { first: ['identified[x]'] },
  DeviceRequest: { first: ['authoredOn', 'occurrence[x]'], also: ['occurrence[x]'] },
  DeviceUseStatement: { first: ['timing[x]', 'recordedOn'] },
  DiagnosticReport: { first: ['effective[x]'] },
  DocumentReference: { first: ['context.period', 'date'] },
  Encounter: { first: ['period'], also: ['location.period', 'statusHistory.period'] },
  EpisodeOfCare: { first: ['period'], also: ['statusHistory.period'] },
  ExplanationOfBenefit: { first: ['billablePeriod', 'item.serviced[x]'], also: ['item.serviced[x]', 'addItem.serviced[x]', 'accident.date', 'procedure.date', 'supportingInfo.timing[x]'] },
  FamilyMemberHistory: { first: ['date'] },
  Flag: { first: ['period'] },
  Goal: { first: ['startDate', 'statusDate'], also: ['statusDate', 'target.dueDate'], endsBy: ['target.dueDate'] },
  ImagingStudy: { first: ['started', 'series.started'], also: ['series.started'] },
  Immunization: { first: ['occurrence[x]'] },
  ImmunizationRecommendation: { first: ['date'], also: ['recommendation.dateCriterion.value'] },
  Invoice: { first: ['date'] },
  List: { first: ['date'] },
  Media: { first: ['created[x]'] },
  MedicationAdministration: { first: ['effective[x]'] },
  MedicationDispense: { first: ['whenHandedOver', 'whenPrepared'], also: ['whenPrepared'] },
  MedicationRequest: { first: ['authoredOn', 'dosageInstruction.timing'], also: ['dosageInstruction.timing'] },
  MedicationStatement: { first: ['effective[x]', 'dateAsserted'] },
  NutritionOrder: { first: ['dateTime'] },
  Observation: { first: ['effective[x]'] },
  Procedure: { first: ['performed[x]'] },
  QuestionnaireResponse: { first: ['authored'] },
  ResearchSubject: { first: ['period'] },
  RiskAssessment: { first: ['occurrence[x]'] },
  ServiceRequest: { first: ['authoredOn', 'occurrence[x]'], also: ['occurrence[x]'] },
  Specimen: { first: ['collection.collected[x]', 'receivedTime'], also: ['receivedTime'] },
  SupplyDelivery: { first: ['occurrence[x]'] },
  Task: { first: ['executionPeriod', 'authoredOn'], also: ['authoredOn'] },
  VisionPrescription: { first: ['dateWritten', 'created'] },
}
