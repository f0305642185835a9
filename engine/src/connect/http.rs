//! Systems over HTTP, as their connectors declare them. Nothing here knows a vendor.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use flowbook_stdlib::operations::same;
use flowbook_stdlib::value::Value;
use flowbook_stdlib::wire::{Holder, Reader};

use super::access::{Access, TokenKeeper};
use super::body::{self, Holes};
use super::find::Indexes;
use super::line::{Bounds, Line, Request, Unread};
use super::lists::{Memory, Question};
use super::told::unreadable;
use super::wire::World;
use super::{Outgoing, OutgoingAct, Page, PageQuery, Sent, Systems, Trouble, pages};
use crate::plan::connector::{Endpoint, Resource, ResourceIx, System};

/// The systems of a flowbook, over HTTP.
pub struct HttpSystems {
    lines: Vec<Line>,
    resources: Vec<Resource>,
    readers: Vec<Reader>,
    pub(super) lists: Memory,
    pub(super) indexes: Indexes,
    /// Ways of finding that a system refused: (resource, find, way).
    refused: Mutex<HashSet<Way>>,
}

/// A way of finding.
type Way = (ResourceIx, Option<u16>, usize);

impl HttpSystems {
    /// The lines to `systems`, each with its access. Nothing is sent yet.
    ///
    /// # Errors
    /// An address that cannot be used.
    pub fn new(
        systems: Vec<System>,
        resources: Vec<Resource>,
        access: Vec<Access>,
        keeper: Arc<dyn TokenKeeper>,
        bounds: &Bounds,
    ) -> Result<HttpSystems, Trouble> {
        HttpSystems::in_world(
            systems,
            resources,
            access,
            keeper,
            bounds,
            &World::default(),
        )
    }

    /// As [`HttpSystems::new`], with another world than this machine's.
    ///
    /// # Errors
    /// An address that cannot be used.
    pub fn in_world(
        systems: Vec<System>,
        resources: Vec<Resource>,
        access: Vec<Access>,
        keeper: Arc<dyn TokenKeeper>,
        bounds: &Bounds,
        world: &World,
    ) -> Result<HttpSystems, Trouble> {
        let readers = resources
            .iter()
            .map(|resource| {
                let system = systems.get(resource.system as usize);
                let habits = system.map(|system| system.connector.habits());
                Reader::new(&resource.shape, habits.unwrap_or_default())
            })
            .collect();
        let lines = systems
            .iter()
            .zip(access)
            .map(|(system, access)| Line::new(system, access, keeper.clone(), bounds, world))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(HttpSystems {
            lines,
            resources,
            readers,
            lists: Memory::default(),
            indexes: Indexes::default(),
            refused: Mutex::default(),
        })
    }

    /// What was noticed and stops nothing, whole sentences.
    pub fn warnings(&self) -> Vec<String> {
        self.lines.iter().flat_map(Line::warnings).collect()
    }

    pub(super) fn resource(&self, ix: ResourceIx) -> Result<&Resource, Trouble> {
        self.resources.get(ix as usize).ok_or_else(|| {
            Trouble::new(
                "F0712",
                format!("The plan has no resource with number {ix}."),
            )
        })
    }

    pub(super) fn line(&self, resource: &Resource) -> Result<&Line, Trouble> {
        self.lines.get(resource.system as usize).ok_or_else(|| {
            Trouble::new(
                "F0712",
                format!("The system of {} is not part of this run.", resource.name),
            )
        })
    }

    pub(super) fn reader(&self, ix: ResourceIx) -> Result<&Reader, Trouble> {
        self.readers.get(ix as usize).ok_or_else(|| {
            Trouble::new(
                "F0712",
                format!("The plan has no resource with number {ix}."),
            )
        })
    }

    pub(super) fn refused(&self, way: &Way) -> bool {
        let refused = self.refused.lock();
        refused
            .unwrap_or_else(PoisonError::into_inner)
            .contains(way)
    }

    pub(super) fn refuse(&self, way: Way) {
        let refused = self.refused.lock();
        refused.unwrap_or_else(PoisonError::into_inner).insert(way);
    }

    /// `books.customers`
    fn full_name(&self, resource: &Resource) -> String {
        match self.line(resource) {
            Ok(line) => format!("{}.{}", line.name, resource.name),
            Err(_) => resource.name.clone(),
        }
    }

    /// The connector declares no way to do this.
    pub(super) fn no_way(&self, resource: &Resource, what: &str, lacks: &str) -> Trouble {
        Trouble::new(
            "F0712",
            format!(
                "{} cannot be {what}: its connector declares no way.",
                self.full_name(resource)
            ),
        )
        .help(format!(
            "Add {lacks} to the resource in the connector's file."
        ))
        .local()
    }

    pub(super) fn no_path(&self, resource: &Resource, why: &str) -> Trouble {
        Trouble::new(
            "F0712",
            format!("{} cannot be asked: {why}.", self.full_name(resource)),
        )
        .local()
    }

    fn request(
        &self,
        ix: ResourceIx,
        endpoint: &Endpoint,
        holes: Holes<'_>,
    ) -> Result<Request, Trouble> {
        let resource = self.resource(ix)?;
        Ok(Request {
            method: endpoint.method.clone(),
            path: holes
                .fill(self.line(resource)?, &endpoint.path)
                .map_err(|why| self.no_path(resource, &why))?,
            query: endpoint.query.clone(),
            body: None,
            resource: ix,
        })
    }

    /// The record with this key as JSON; none when it is gone.
    async fn raw(&self, ix: ResourceIx, id: &Value) -> Result<Option<String>, Unread> {
        let resource = self.resource(ix).map_err(Unread::Trouble)?;
        let line = self.line(resource).map_err(Unread::Trouble)?;
        let Some(endpoint) = &resource.get else {
            return self.raw_in_list(ix, resource, line, id).await;
        };
        let holes = Holes {
            id: Some((resource, id)),
            ..Holes::default()
        };
        let request = self.request(ix, endpoint, holes).map_err(Unread::Trouble)?;
        match line.read(&request).await {
            Ok(answer) if answer.body.trim().is_empty() => Err(Unread::Trouble(unreadable(
                &line.name,
                &request,
                "it is empty",
            ))),
            Ok(answer) => Ok(Some(answer.body)),
            Err(Unread::Gone(_)) => Ok(None),
            Err(unread) => Err(unread),
        }
    }

    /// As [`HttpSystems::raw`], for resources without a way to read one record.
    async fn raw_in_list(
        &self,
        ix: ResourceIx,
        resource: &Resource,
        line: &Line,
        id: &Value,
    ) -> Result<Option<String>, Unread> {
        let Some(endpoint) = &resource.list else {
            return Err(Unread::Trouble(self.no_way(
                resource,
                "read by its key",
                "`get GET \"…\"`",
            )));
        };
        let reader = self.reader(ix).map_err(Unread::Trouble)?;
        let paged = line.connector.pages.as_ref().filter(|_| !endpoint.one_page);
        let mut start = paged.map(|pages| pages::start(pages, None));
        loop {
            let mut request = self
                .request(ix, endpoint, Holes::default())
                .map_err(Unread::Trouble)?;
            if let (Some(pages), Some(start)) = (paged, start) {
                request.query.extend(pages::parameters(pages, start, 0));
            }
            let answer = line.read(&request).await?;
            let cut = pages::cut(
                &answer.body,
                line.connector.pages.as_ref(),
                endpoint.one_page,
                start.unwrap_or(0),
                0,
                line.connector.any_case,
            )
            .map_err(|error| {
                Unread::Trouble(unreadable(&line.name, &request, &error.to_string()))
            })?;
            for item in &cut.items {
                let record = reader.read(item.get(), None).map_err(|error| {
                    Unread::Trouble(unreadable(&line.name, &request, &error.to_string()))
                })?;
                let key = resource.key_of(Some(&record));
                if key.is_some_and(|key| same(key, id).unwrap_or(false)) {
                    return Ok(Some(item.get().to_owned()));
                }
            }
            match cut.next {
                Some(next) => start = Some(next),
                None => return Ok(None),
            }
        }
    }

    pub(super) async fn get_one(
        &self,
        ix: ResourceIx,
        id: &Value,
    ) -> Result<Option<Value>, Unread> {
        let Some(json) = self.raw(ix, id).await? else {
            return Ok(None);
        };
        self.record(ix, &json, None)
            .map(Some)
            .map_err(Unread::Trouble)
    }

    /// One record out of an answer.
    fn record(&self, ix: ResourceIx, json: &str, parent: Option<&Value>) -> Result<Value, Trouble> {
        let resource = self.resource(ix)?;
        let above = resource.parent.and_then(|above| self.resource(above).ok());
        let holder = above
            .zip(parent)
            .and_then(|(above, record)| Holder::of(&above.shape, record));
        self.reader(ix)?.read(json, holder).map_err(|error| {
            Trouble::new(
                "F0704",
                format!(
                    "A record of {} cannot be read: {error}.",
                    self.full_name(resource)
                ),
            )
            .help("Run again; if it stays, look at that record in the system.")
            .local()
        })
    }

    async fn create(&self, write: &Outgoing) -> Result<Option<Value>, Sent> {
        let OutgoingAct::Create {
            action,
            args,
            parent,
        } = &write.act
        else {
            return self.update(write).await;
        };
        let ix = write.resource;
        let resource = self.resource(ix).map_err(Sent::Unsent)?;
        let line = self.line(resource).map_err(Sent::Unsent)?;
        let way = resource
            .creates
            .get(usize::from(*action))
            .ok_or_else(|| Sent::Unsent(self.no_way(resource, "created", "`create POST \"…\"`")))?;
        let named: Vec<(&str, &Value)> = way
            .params
            .iter()
            .map(|(name, _)| name.as_str())
            .zip(args)
            .collect();
        let above = resource.parent.and_then(|above| self.resource(above).ok());
        let holes = Holes {
            args: &named,
            id: None,
            parent: above.zip(parent.as_ref()),
        };
        let mut request = self
            .request(ix, &way.endpoint, holes)
            .map_err(Sent::Unsent)?;
        let payload =
            body::object(&write.body).map_err(|why| Sent::Unsent(self.no_path(resource, &why)))?;
        request.body = Some(payload);
        let answer = line.write(&request, args.is_empty()).await?;
        if answer.body.trim().is_empty() {
            if way.maybe_empty {
                return Ok(None);
            }
            let why = "it is empty, where the record was promised";
            return Err(Sent::Unknown(unreadable(&line.name, &request, why).local()));
        }
        self.written(ix, &request, &answer.body, parent.as_ref())
            .map(Some)
    }

    async fn update(&self, write: &Outgoing) -> Result<Option<Value>, Sent> {
        let OutgoingAct::Update { id, parent } = &write.act else {
            return Ok(None);
        };
        let ix = write.resource;
        let resource = self.resource(ix).map_err(Sent::Unsent)?;
        let line = self.line(resource).map_err(Sent::Unsent)?;
        let endpoint = resource.update.as_ref().ok_or_else(|| {
            Sent::Unsent(self.no_way(resource, "changed", "`update PATCH \"…\"`"))
        })?;
        let above = resource.parent.and_then(|above| self.resource(above).ok());
        let holes = Holes {
            args: &[],
            id: Some((resource, id)),
            parent: above.zip(parent.as_ref()),
        };
        let mut request = self.request(ix, endpoint, holes).map_err(Sent::Unsent)?;
        let payload = if resource.replaces {
            let old = match self.raw(ix, id).await {
                Ok(Some(old)) => old,
                Ok(None) => {
                    return Err(Sent::Gone(
                        Trouble::new(
                            "F0713",
                            format!(
                                "{} no longer has the record {}.",
                                self.full_name(resource),
                                flowbook_stdlib::display::in_text(id)
                            ),
                        )
                        .local(),
                    ));
                }
                Err(unread) => return Err(Sent::Unsent(unread.told())),
            };
            body::overlaid(&old, &write.body, line.connector.any_case)
        } else {
            body::object(&write.body)
        };
        request.body = Some(payload.map_err(|why| Sent::Unsent(self.no_path(resource, &why)))?);
        let answer = line.write(&request, resource.replaces).await?; // what is replaced was read just now
        if answer.body.trim().is_empty() {
            return Ok(None); // what it holds is read by its key
        }
        self.written(ix, &request, &answer.body, parent.as_ref())
            .map(Some)
    }

    /// The record of a success; without its key nobody can tell which it is.
    fn written(
        &self,
        ix: ResourceIx,
        request: &Request,
        json: &str,
        parent: Option<&Value>,
    ) -> Result<Value, Sent> {
        let resource = self.resource(ix).map_err(Sent::Unknown)?;
        let line = self.line(resource).map_err(Sent::Unknown)?;
        let record = self.record(ix, json, parent).map_err(Sent::Unknown)?;
        if resource.key.is_some() && resource.key_of(Some(&record)).is_none() {
            let why = "it lacks the key of the record";
            return Err(Sent::Unknown(unreadable(&line.name, request, why).local()));
        }
        Ok(record)
    }
}

impl Systems for HttpSystems {
    async fn page(&self, resource: ResourceIx, query: &PageQuery) -> Result<Page, Trouble> {
        self.list_page(resource, query).await
    }

    async fn find(
        &self,
        resource: ResourceIx,
        find: Option<u16>,
        keys: &[Vec<Value>],
    ) -> Result<Vec<Vec<Value>>, Trouble> {
        self.find_all(resource, find, keys).await
    }

    async fn one(&self, ix: ResourceIx) -> Result<Value, Trouble> {
        let resource = self.resource(ix)?;
        let line = self.line(resource)?;
        let endpoint = resource
            .one
            .as_ref()
            .ok_or_else(|| self.no_way(resource, "read as one record", "`one GET \"…\"`"))?;
        let request = self.request(ix, endpoint, Holes::default())?;
        let answer = line.read(&request).await.map_err(Unread::told)?;
        self.record(ix, &answer.body, None)
    }

    async fn sub(&self, ix: ResourceIx, parent: &Value) -> Result<Vec<Value>, Trouble> {
        let resource = self.resource(ix)?;
        let above = self.resource(resource.parent.unwrap_or(ix))?;
        // The parent may have brought them along; those that are written are asked for, since the parent may be from before.
        let own = resource.name.rsplit('.').next().unwrap_or_default();
        if let (Value::Record(fields), Some((at, _))) = (parent, above.shape.field(own))
            && resource.creates.is_empty()
            && let Some(Value::List(records)) = fields.get(at)
        {
            return Ok(records.to_vec());
        }
        self.list_all(ix, &Question::default(), Some(parent))
            .await
            .map_err(Unread::told)
    }

    async fn get(&self, ix: ResourceIx, id: &Value) -> Result<Option<Value>, Trouble> {
        self.get_one(ix, id).await.map_err(Unread::told)
    }

    async fn send(&self, write: &Outgoing) -> Sent {
        let sent = self.create(write).await;
        if let (Ok(Some(record)), Ok(resource)) = (&sent, self.resource(write.resource)) {
            self.indexes.wrote(write.resource, resource, record).await;
        } else {
            self.indexes.forget(write.resource);
        }
        match sent {
            Ok(record) => Sent::Ok(record),
            Err(other) => other,
        }
    }

    fn forget(&self, resource: ResourceIx) {
        self.indexes.forget(resource);
    }

    fn requests(&self) -> BTreeMap<String, u64> {
        self.lines
            .iter()
            .map(|line| (line.name.clone(), line.requests()))
            .collect()
    }
}
