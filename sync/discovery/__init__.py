"""How devices on one network find each other, without telling anybody else who they are."""
