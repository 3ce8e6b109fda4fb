"""The pages of the site that are not the admin's and not the API's."""
