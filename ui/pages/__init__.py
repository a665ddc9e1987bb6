"""The pages and dialogs: each connects a view-model with widgets."""
