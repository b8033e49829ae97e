module chiron.invalid/spec/verifier

go 1.26
